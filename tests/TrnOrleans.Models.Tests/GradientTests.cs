using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Models.Tests;

/// <summary>The gradient of a whole network against central differences of its loss.</summary>
public class GradientTests
{
    private const int Samples = 3;
    private const double Step = 1e-2;

    public static TheoryData<string> Networks => ["gpt", "llama", "tied llama", "mlp"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void In_random_directions_the_loss_changes_as_the_gradient_says(string name)
    {
        using Bench bench = new(name);
        CounterRandom random = new(11, RandomUse.Sampling, 3);
        ulong index = 0;
        for (int direction = 0; direction < 10; direction++)
        {
            float[] d = new float[bench.Network.Layout.Length];
            foreach (Parameter parameter in bench.Network.Layout.Parameters)
            {
                for (int i = 0; i < parameter.Length; i++)
                {
                    d[parameter.Offset + i] = (float)random.Normal(index++);
                }
            }

            bench.Compare(d, $"direction {direction}");
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Along_each_parameter_the_loss_changes_as_the_gradient_says(string name)
    {
        using Bench bench = new(name);
        CounterRandom random = new(12, RandomUse.Sampling, 4);
        ulong index = 0;
        foreach (Parameter parameter in bench.Network.Layout.Parameters)
        {
            float[] along = new float[bench.Network.Layout.Length];
            float[] across = new float[bench.Network.Layout.Length];
            bench.Gradient.AsSpan((int)parameter.Offset, parameter.Length).CopyTo(along.AsSpan((int)parameter.Offset));
            for (int i = 0; i < parameter.Length; i++)
            {
                across[parameter.Offset + i] = (float)random.Normal(index++);
            }

            Assert.Contains(along, v => v != 0);
            bench.Compare(along, parameter.Name);
            bench.Compare(across, parameter.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void The_largest_entry_of_each_parameter_is_a_central_difference(string name)
    {
        using Bench bench = new(name);
        foreach (Parameter parameter in bench.Network.Layout.Parameters)
        {
            int largest = Enumerable.Range((int)parameter.Offset, parameter.Length).MaxBy(i => MathF.Abs(bench.Gradient[i]));
            float[] d = new float[bench.Network.Layout.Length];
            d[largest] = 1;
            bench.Compare(d, $"{parameter.Name}[{largest - parameter.Offset}]");
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void The_gaps_between_parameters_have_no_gradient(string name)
    {
        using Bench bench = new(name);
        bool[] used = new bool[bench.Network.Layout.Length];
        foreach (Parameter parameter in bench.Network.Layout.Parameters)
        {
            used.AsSpan((int)parameter.Offset, parameter.Length).Fill(true);
        }

        Assert.DoesNotContain(bench.Gradient.Index(), g => !used[g.Index] && g.Item != 0);
    }

    private sealed class Bench : IDisposable
    {
        private readonly AlignedBuffer _weights;
        private readonly Pass _evaluation;
        private readonly float[] _start;
        private readonly int _rows;

        internal Bench(string name)
        {
            Network = Tiny.Network(name);
            _weights = Tiny.Weights(Network);
            _start = _weights.Span().ToArray();
            _evaluation = Network.CreateInferencePass(Samples);
            Tiny.Fill(_evaluation.Inputs, Network.Description, 0, Samples);
            _rows = Samples * Network.Description.RowsPerSample;
            using Pass training = Network.CreateTrainingPass(Samples);
            using AlignedBuffer gradient = new(Network.Layout.Length);
            Tiny.Fill(training.Inputs, Network.Description, 0, Samples);
            double loss = training.Train(_weights, gradient, Samples, 1f / _rows, seed: 1, step: 0, firstRow: 0);
            Gradient = gradient.Span().ToArray();
            Assert.Equal(_evaluation.Evaluate(_weights, Samples), loss, 1e-9);
        }

        internal Network Network { get; }

        internal float[] Gradient { get; }

        /// <summary>The loss is FP32: its noise, 1e-7 of it, is 1e-5 of a difference quotient.</summary>
        internal void Compare(float[] direction, string what)
        {
            double norm = Math.Sqrt(direction.Sum(v => (double)v * v));
            double expected = direction.Index().Sum(d => (double)d.Item * Gradient[d.Index]) / norm;
            double found = (Loss(direction, Step / norm) - Loss(direction, -Step / norm)) / (2 * Step);
            Assert.True(Math.Abs(expected - found) <= (0.01 * Math.Abs(expected)) + 2e-4, $"{what}: the gradient says {expected:G6}, the loss {found:G6}");
        }

        public void Dispose()
        {
            _evaluation.Dispose();
            _weights.Dispose();
        }

        private double Loss(float[] direction, double scale)
        {
            Span<float> weights = _weights.Span();
            for (int i = 0; i < _start.Length; i++)
            {
                weights[i] = (float)(_start[i] + (scale * direction[i]));
            }

            return _evaluation.Evaluate(_weights, Samples) / _rows;
        }
    }
}
