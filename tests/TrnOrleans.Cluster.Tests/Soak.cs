namespace TrnOrleans.Cluster.Tests;

/// <summary>What takes minutes runs when somebody asks for it: tests/soak.sh does.</summary>
internal static class Soak
{
    /// <summary>Whether it is asked for.</summary>
    internal static bool IsAsked => Environment.GetEnvironmentVariable("TRN_SOAK") == "1";

    /// <summary>Skips a test of minutes, or one that another stands for, where nobody has asked.</summary>
    internal static void SkipUnlessAsked(bool onlyWhenAsked = true) => Assert.SkipUnless(IsAsked || !onlyWhenAsked, "takes minutes; tests/soak.sh runs it");

    /// <summary>A test that is long enough to show something, and longer when it is asked for.</summary>
    internal static TimeSpan Seconds(double quick, double asked) => TimeSpan.FromSeconds(IsAsked ? asked : quick);

    /// <summary>Lets time pass, in which nothing is done.</summary>
    internal static Task PassAsync(TimeSpan time) => Task.Delay(time, TestContext.Current.CancellationToken);
}
