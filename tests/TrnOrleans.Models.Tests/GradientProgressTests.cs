using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Tests;

/// <summary>A bucket that is sent while the backward pass goes on must not change any more.</summary>
public sealed class GradientProgressTests
{
    private const int Samples = 3;

    [Theory]
    [InlineData("gpt")]
    [InlineData("llama")]
    [InlineData("tied llama")]
    [InlineData("mlp")]
    public void What_is_said_to_be_final_changes_no_more(string name)
    {
        Network network = Tiny.Network(name);
        using AlignedBuffer weights = Tiny.Weights(network);
        using AlignedBuffer gradient = new(network.Layout.Length);
        gradient.Span().Fill(float.NaN);
        using Pass pass = network.CreateTrainingPass(Samples);
        Tiny.Fill(pass.Inputs, network.Description, 0, Samples);
        Snapshots progress = new(gradient);
        pass.Train(weights, gradient, Samples, 1f / Samples, 1, 0, 0, packed: null, progress);

        Assert.NotEmpty(progress.Taken);
        Assert.Equal(0, progress.Taken[^1].Offset);
        long before = network.Layout.Length;
        foreach ((long offset, float[] values) in progress.Taken)
        {
            Assert.True(offset <= before, "the watermark only falls");
            before = offset;
            Assert.Equal(values, gradient.Span(offset, values.Length));
        }

        // Something must be on its way before the last operation, or there is nothing to overlap. Tied embeddings lie first and end last.
        Assert.Contains(progress.Taken[..^1], taken => taken.Offset < network.Layout.Length / 2);
    }

    private sealed class Snapshots(AlignedBuffer gradient) : IGradientProgress
    {
        internal List<(long Offset, float[] Values)> Taken { get; } = [];

        public void FinalFrom(long offset) => Taken.Add((offset, gradient.Span()[(int)offset..].ToArray()));
    }
}
