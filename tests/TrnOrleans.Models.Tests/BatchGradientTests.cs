using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Tests;

public class BatchGradientTests
{
    private const int Samples = 4;

    [Theory]
    [InlineData("gpt", 0f)]
    [InlineData("gpt", 0.3f)]
    [InlineData("llama", 0f)]
    [InlineData("llama", 0.3f)]
    [InlineData("tied llama", 0.3f)]
    [InlineData("mlp", 0f)]
    [InlineData("mlp", 0.3f)]
    public void The_gradient_of_a_batch_is_the_sum_over_its_parts(string name, float dropout)
    {
        Network network = NetworkFactory.Create(Tiny.Named(name) with { Dropout = dropout });
        using AlignedBuffer weights = Tiny.Weights(network);
        (double loss, float[] whole) = Train(network, weights, 0, Samples);
        (double first, float[] one) = Train(network, weights, 0, 1);
        (double second, float[] three) = Train(network, weights, 1, 3);
        Assert.Equal(loss, first + second, 1e-5);
        float scale = whole.Max(MathF.Abs);
        for (int i = 0; i < whole.Length; i++)
        {
            Assert.Equal(whole[i], one[i] + three[i], 1e-5f * scale);
        }

        if (dropout > 0)
        {
            // The wrong rows have other masks.
            (_, float[] wrong) = Train(network, weights, 1, 3, firstRow: 0);
            Assert.Contains(Enumerable.Range(0, wrong.Length), i => MathF.Abs(wrong[i] - three[i]) > 0.01f * scale);
        }
    }

    [Fact]
    public void Dropout_changes_with_seed_and_step_and_not_when_evaluating()
    {
        Network network = NetworkFactory.Create(Tiny.Gpt with { Dropout = 0.3f });
        Network plain = NetworkFactory.Create(Tiny.Gpt);
        using AlignedBuffer weights = Tiny.Weights(network);
        double loss = Train(network, weights, 0, Samples).Loss;
        Assert.Equal(loss, Train(network, weights, 0, Samples).Loss);
        Assert.NotEqual(loss, Train(network, weights, 0, Samples, seed: 2).Loss);
        Assert.NotEqual(loss, Train(network, weights, 0, Samples, step: 2).Loss);
        Assert.Equal(Evaluate(plain, weights), Evaluate(network, weights));
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("llama")]
    [InlineData("mlp")]
    public void A_pass_that_was_used_for_more_samples_gives_the_same_bits_for_fewer(string name)
    {
        Network network = Tiny.Network(name);
        using AlignedBuffer weights = Tiny.Weights(network);
        using Pass pass = network.CreateTrainingPass(Samples);
        using AlignedBuffer gradient = new(network.Layout.Length);
        Tiny.Fill(pass.Inputs, network.Description, 0, Samples);
        pass.Train(weights, gradient, Samples, 0.1f, 1, 0, 0);
        pass.Train(weights, gradient, 1, 0.1f, 1, 0, 0);
        using Pass fresh = network.CreateTrainingPass(1);
        using AlignedBuffer other = new(network.Layout.Length);
        Tiny.Fill(fresh.Inputs, network.Description, 0, 1);
        fresh.Train(weights, other, 1, 0.1f, 1, 0, 0);
        Assert.Equal(other.Span().ToArray(), gradient.Span().ToArray());
    }

    private static double Evaluate(Network network, AlignedBuffer weights)
    {
        using Pass pass = network.CreateInferencePass(Samples);
        Tiny.Fill(pass.Inputs, network.Description, 0, Samples);
        return pass.Evaluate(weights, Samples);
    }

    private static (double Loss, float[] Gradient) Train(
        Network network, AlignedBuffer weights, int first, int count, ulong seed = 1, uint step = 1, long? firstRow = null)
    {
        using Pass pass = network.CreateTrainingPass(count);
        using AlignedBuffer gradient = new(network.Layout.Length);
        Tiny.Fill(pass.Inputs, network.Description, first, count);
        int rows = network.Description.RowsPerSample;
        double loss = pass.Train(weights, gradient, count, 1f / (Samples * rows), seed, step, firstRow ?? (first * rows));
        return (loss, gradient.Span().ToArray());
    }
}
