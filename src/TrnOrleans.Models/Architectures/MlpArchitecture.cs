using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Operations;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Models.Architectures;

/// <summary>Linear layers with ReLU between them; file names as of a PyTorch nn.ModuleList called layers.</summary>
internal static class MlpArchitecture
{
    internal static Network Build(NetworkDescription d, NetworkPrecision precision)
    {
        NetworkBuilder builder = new();
        Tensor x = builder.Add(new InputOperation("input", builder.Tensor("input", d.Sizes[0])));
        FusedActivation? before = null;
        for (int i = 0; i + 1 < d.Sizes.Count; i++)
        {
            // He et al. 2015 for layers before a ReLU; the last one starts smaller, at 1/√in.
            bool last = i + 2 == d.Sizes.Count;
            double deviation = Math.Sqrt((last ? 1.0 : 2.0) / d.Sizes[i]);
            string name = $"layers.{i}";
            Parameter weight = builder.Matrix($"{name}.weight", d.Sizes[i + 1], d.Sizes[i], deviation, $"{name}.weight");
            Parameter bias = builder.Vector($"{name}.bias", d.Sizes[i + 1], $"{name}.bias");

            // With dropout behind it the activation is an operation of its own.
            FusedActivation? relu = last || d.Dropout > 0 ? null : FusedActivation.Relu(builder.Tensor($"{name}.relu", d.Sizes[i + 1]));
            x = builder.Add(new LinearOperation(
                name, x, relu?.After ?? builder.Tensor(name, d.Sizes[i + 1]), weight, bias, inputHasGradient: i > 0, activation: relu, inputActivation: before));
            before = relu;
            if (last || relu is not null)
            {
                continue;
            }

            x = builder.Add(new ReluOperation($"{name}.relu", x, builder.Tensor($"{name}.relu", d.Sizes[i + 1])));
            x = builder.Add(new DropoutOperation(
                $"{name}.dropout", x, builder.Tensor($"{name}.dropout", d.Sizes[i + 1]), d.Dropout, builder.NextDropout));
        }

        return new Network(d, builder, x, precision);
    }
}
