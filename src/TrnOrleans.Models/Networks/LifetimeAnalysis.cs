using TrnOrleans.Models.Operations;

namespace TrnOrleans.Models.Networks;

/// <summary>From when to when the values and the gradient of each tensor are needed in one pass.</summary>
internal static class LifetimeAnalysis
{
    /// <summary>Which lifetime a tensor's gradient has.</summary>
    internal static int GradientSlot(Tensor tensor, Tensor logits, int count) =>
        tensor.GradientOwner == logits ? logits.Index : count + tensor.GradientOwner.Index;

    /// <summary>
    /// First the lifetimes of all values, then those of all gradients, both in order of tensors; one that is never needed has width 0.
    /// Operation i runs forward at time i and backward at time 2n − 1 − i. The logits' gradient takes the place of their values.
    /// </summary>
    internal static Lifetime[] Compute(Operation[] operations, Tensor[] tensors, Tensor logits, bool training)
    {
        int n = operations.Length;
        int count = tensors.Length;
        int[] first = new int[2 * count];
        int[] last = new int[2 * count];
        Array.Fill(first, int.MaxValue);
        Array.Fill(last, -1);
        void Use(int slot, int time)
        {
            first[slot] = Math.Min(first[slot], time);
            last[slot] = Math.Max(last[slot], time);
        }

        for (int i = 0; i < n; i++)
        {
            Operation operation = operations[i];
            int backward = (2 * n) - 1 - i;
            Use(operation.Output.Index, i);
            foreach (Tensor input in operation.Inputs)
            {
                Use(input.Index, i);
            }

            if (operation.Saved is { } saved)
            {
                Use(saved.Index, i);
            }

            if (!training)
            {
                continue;
            }

            foreach (Tensor kept in operation.Kept)
            {
                Use(kept.Index, backward);
            }

            if (operation.Saved is { } needed)
            {
                Use(needed.Index, backward);
            }

            Use(GradientSlot(operation.Output, logits, count), backward);
            foreach (Tensor input in operation.Differentiated)
            {
                Use(GradientSlot(input, logits, count), backward);
            }
        }

        return [.. Enumerable.Range(0, 2 * count).Select(slot =>
            last[slot] < 0 ? new Lifetime(0, 0, 0) : new Lifetime(tensors[slot % count].Width, first[slot], last[slot]))];
    }
}
