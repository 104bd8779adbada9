using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Grains.Replicas;

/// <summary>What a run needs of the machine's memory, before it is taken.</summary>
public static class MemoryNeed
{
    /// <summary>Bytes of weights, optimizer state and gradient buffers of all replicas on one silo; activations come on top.</summary>
    public static Int128 Bytes(RunInputs inputs, int threads)
    {
        int buffers = 1 + inputs.Spec.Optimizer.StateCount + BufferPool.CountFor(inputs.Spec.Cluster.Chips, threads);
        return (Int128)inputs.Network.Layout.Length * sizeof(float) * buffers * inputs.Spec.Cluster.UltraServers;
    }

    /// <summary>Refuses a run that cannot fit, instead of letting the machine kill it later.</summary>
    /// <exception cref="InvalidDescriptionException">more than the machine has.</exception>
    public static void Check(RunInputs inputs, int threads)
    {
        Int128 need = Bytes(inputs, threads);
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (inputs.Network.Layout.Length > int.MaxValue || need > available)
        {
            throw new InvalidDescriptionException(
                $"this run needs {Gibibytes(need)} for {inputs.Network.Layout.Count:N0} parameters, and the machine has {Gibibytes(available)}; choose a smaller network, fewer --ultraservers or fewer --chips");
        }
    }

    private static string Gibibytes(Int128 bytes) => $"{(double)bytes / (1L << 30):F1} GiB";
}
