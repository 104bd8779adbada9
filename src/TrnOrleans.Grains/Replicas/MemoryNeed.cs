using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;

namespace TrnOrleans.Grains.Replicas;

/// <summary>What a run needs of the machine's memory, before it is taken.</summary>
public static class MemoryNeed
{
    /// <summary>Bytes of weights, plain and packed, optimizer state, gradient buffers, activations and operands of the replicas on one silo.</summary>
    /// <param name="inputs">The run.</param>
    /// <param name="threads">Compute threads.</param>
    /// <param name="replicas">How many are on the silo.</param>
    /// <param name="snapshots">Whether one of them is copied for checkpoints.</param>
    public static Int128 Bytes(RunInputs inputs, int threads, int replicas, bool snapshots = false)
    {
        RunSpec spec = inputs.Spec;
        int buffers = 1 + spec.Optimizer.StateCount + BufferPool.CountFor(spec.Cluster.Chips, threads);
        int passes = Math.Min(spec.Cluster.Chips, threads);
        Int128 activations = (Int128)inputs.Network.BytesPerSample(training: true) * (spec.Training.Batch / spec.Cluster.TotalChips) * passes;
        long packed = Replica.SharesPackedWeights(inputs) ? PackedWeights.Bytes(inputs.Network) : 0;

        // Of the silo's threads, whichever replica they work for.
        Int128 operands = (Int128)threads * inputs.Network.OperandBytes(Math.Max(spec.Training.Batch / spec.Cluster.TotalChips, Replica.EvaluationSamples));
        Int128 snapshot = snapshots ? (Int128)inputs.Network.Layout.Length * sizeof(float) * (1 + spec.Optimizer.StateCount) : 0;
        return ((((Int128)inputs.Network.Layout.Length * sizeof(float) * buffers) + activations + packed) * replicas) + snapshot + operands;
    }

    /// <summary>Refuses a run that cannot fit, instead of letting the machine kill it later.</summary>
    /// <exception cref="InvalidDescriptionException">more than the machine has.</exception>
    public static void Check(RunInputs inputs, int threads, int replicas, bool snapshots = false)
    {
        Int128 need = Bytes(inputs, threads, replicas, snapshots);
        if (inputs.Network.Layout.Length > int.MaxValue || need > Available)
        {
            throw new InvalidDescriptionException(
                $"this run needs {Gibibytes(need)} for {inputs.Network.Layout.Count:N0} parameters and its activations, and the machine has {Gibibytes(Available)}; choose a smaller network, --context or --batch, more --chips for the batch, or fewer --ultraservers");
        }
    }

    /// <summary>Refuses a measurement that cannot fit.</summary>
    /// <param name="length">Floats of each chip's buffer.</param>
    /// <param name="chips">Chips on one silo.</param>
    /// <exception cref="RunFailedException">more than the machine has.</exception>
    internal static void CheckBuffers(long length, long chips)
    {
        Int128 need = (Int128)length * sizeof(float) * chips;
        if (need > Available)
        {
            throw new RunFailedException(
                $"a silo would need {Gibibytes(need)} for the buffers of its chips, and has {Gibibytes(Available)}; choose a smaller size, or fewer chips");
        }
    }

    private static long Available => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    private static string Gibibytes(Int128 bytes) => $"{(double)bytes / (1L << 30):F1} GiB";
}
