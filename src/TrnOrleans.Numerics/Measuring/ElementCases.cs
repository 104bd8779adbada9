using TrnOrleans.Numerics.Activations;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Numerics.Measuring;

/// <summary>Kernels over elements: activations, optimizers, the addition that reductions are made of.</summary>
internal static class ElementCases
{
    // 32 MiB an operand: far more than a core's own caches.
    private const int Length = 1 << 23;

    internal static IEnumerable<(KernelName Name, Func<KernelCase> Create)> All()
    {
        yield return Case("gelu", "forward", 2, b => () => Gelu.Forward(b[0].Span(), b[1].Span()));
        yield return Case("gelu", "backward", 3, b => () => Gelu.Backward(b[0].Span(), b[1].Span(), b[2].Span()));
        yield return Case("relu", "forward", 2, b => () => Relu.Forward(b[0].Span(), b[1].Span()));
        yield return Case("add", "forward", 3, b => () => VectorSum.AddInto(b[0].Span(), b[1].Span()), buffers: 2);

        // Reads four, writes three.
        AdamWStep adamw = new(1e-9f, 0.9, 0.999, 1e-8f, 0.1f, 1, 1, 1);
        yield return Case("adamw", "update", 7, b => () => AdamW.Update(b[0].Span(), b[1].Span(), b[2].Span(), b[3].Span(), adamw), buffers: 4, positive: 3);
        yield return Case(
            "sgd", "update", 5, b => () => MomentumSgd.Update(b[0].Span(), b[1].Span(), b[2].Span(), new SgdStep(1e-9f, 0.9f, 0, 1)), buffers: 3);
    }

    private static (KernelName Name, Func<KernelCase> Create) Case(
        string kernel, string form, int passes, Func<AlignedBuffer[], Action> run, int? buffers = null, int? positive = null)
    {
        KernelName name = new(kernel, form, [("elements", Length)], KernelBound.Memory, (double)sizeof(float) * Length * passes);
        return (name, () =>
        {
            AlignedBuffer[] operands = [.. Enumerable.Range(0, buffers ?? passes).Select(_ => Operand.Of(Length))];
            if (positive is { } index)
            {
                // A second moment is never negative, and its root is taken.
                foreach (ref float value in operands[index].Span())
                {
                    value *= value;
                }
            }

            return new KernelCase(name, operands, run(operands));
        }
        );
    }
}
