using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Tests;

/// <summary>GPT-2's forward pass a second time, in doubles and plain loops, written from the paper.</summary>
internal sealed class ReferenceGpt(Network network, AlignedBuffer weights)
{
    private readonly NetworkDescription _d = network.Description;

    /// <summary>Sum of the losses of one sequence.</summary>
    internal double Loss(ReadOnlySpan<int> tokens, ReadOnlySpan<int> targets)
    {
        double[] table = Values("tokens.weight");
        double[] positions = Values("positions.weight");
        double[][] x = new double[tokens.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            int token = tokens[t];
            int place = t;
            x[t] = [.. Enumerable.Range(0, _d.Width).Select(i => table[(token * _d.Width) + i] + positions[(place * _d.Width) + i])];
        }

        for (int layer = 0; layer < _d.Layers; layer++)
        {
            string name = $"layers.{layer}";
            double[][] attended = Attention([.. x.Select(r => Linear(Norm(r, $"{name}.norm1"), $"{name}.attention.qkv"))]);
            x = [.. x.Select((r, t) => Sum(r, Linear(attended[t], $"{name}.attention.output")))];
            x = [.. x.Select(r => Sum(r, Linear([.. Linear(Norm(r, $"{name}.norm2"), $"{name}.feedforward.up").Select(Gelu)], $"{name}.feedforward.down")))];
        }

        double loss = 0;
        for (int t = 0; t < x.Length; t++)
        {
            double[] last = Norm(x[t], "norm");
            double[] logits = [.. Enumerable.Range(0, _d.Vocabulary).Select(v => last.Index().Sum(l => l.Item * table[(v * _d.Width) + l.Index]))];
            loss += Math.Log(logits.Sum(Math.Exp)) - logits[targets[t]];
        }

        return loss;
    }

    private static double Gelu(double v) => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v))));

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private double[][] Attention(double[][] rows)
    {
        double[][] output = [.. rows.Select(_ => new double[_d.Width])];
        for (int t = 0; t < rows.Length; t++)
        {
            for (int head = 0; head < _d.Heads; head++)
            {
                int first = head * _d.HeadWidth;
                double[] scores = [.. Enumerable.Range(0, t + 1).Select(s => Enumerable.Range(0, _d.HeadWidth)
                    .Sum(i => rows[t][first + i] * rows[s][_d.Width + first + i]) / Math.Sqrt(_d.HeadWidth))];
                double total = scores.Sum(Math.Exp);
                for (int s = 0; s <= t; s++)
                {
                    for (int i = 0; i < _d.HeadWidth; i++)
                    {
                        output[t][first + i] += Math.Exp(scores[s]) / total * rows[s][(2 * _d.Width) + first + i];
                    }
                }
            }
        }

        return output;
    }

    private double[] Norm(double[] row, string name)
    {
        double mean = row.Average();
        double deviation = Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + _d.NormEpsilon);
        double[] weight = Values($"{name}.weight");
        double[] bias = Values($"{name}.bias");
        return [.. row.Select((v, i) => ((v - mean) / deviation * weight[i]) + bias[i])];
    }

    private double[] Linear(double[] row, string name)
    {
        double[] weight = Values($"{name}.weight");
        double[] bias = Values($"{name}.bias");
        return [.. bias.Select((b, o) => b + row.Index().Sum(r => r.Item * weight[(o * row.Length) + r.Index]))];
    }

    private double[] Values(string name)
    {
        Parameter parameter = network.Layout.Parameters.Single(p => p.Name == name);
        return [.. weights.Span(parameter.Offset, parameter.Length).ToArray().Select(v => (double)v)];
    }
}
