using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Tests;

public class ReferenceGptTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void The_loss_is_that_of_a_second_implementation(ulong seed)
    {
        const int Samples = 3;
        Network network = Tiny.Network("gpt");
        using AlignedBuffer weights = Tiny.Weights(network, seed);
        using Pass pass = network.CreateInferencePass(Samples);
        Tiny.Fill(pass.Inputs, network.Description, (int)seed, Samples);
        ReferenceGpt reference = new(network, weights);
        int context = network.Description.Context;
        double expected = Enumerable.Range(0, Samples).Sum(s => reference.Loss(
            pass.Inputs.Tokens.AsSpan(s * context, context), pass.Inputs.Targets.AsSpan(s * context, context)));
        double found = pass.Evaluate(weights, Samples);
        Assert.Equal(expected / pass.Rows, found / pass.Rows, 1e-5);
    }
}
