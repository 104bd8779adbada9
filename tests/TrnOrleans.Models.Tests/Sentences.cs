using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Models.Tests;

/// <summary>Refusals are one sentence for the user.</summary>
internal static class Sentences
{
    internal static string Refused(Action action) => Check(Assert.Throws<InvalidDescriptionException>(action).Message);

    internal static string RefusedWeights(Action action) => Check(Assert.Throws<InvalidWeightsException>(action).Message);

    internal static async Task<string> RefusedAsync(Func<Task> action) => Check((await Assert.ThrowsAsync<InvalidDescriptionException>(action)).Message);

    internal static string Check(string message)
    {
        Assert.NotEmpty(message);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain("   at ", message, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", message, StringComparison.Ordinal);
        Assert.False(message.EndsWith('.'), message);
        return message;
    }
}
