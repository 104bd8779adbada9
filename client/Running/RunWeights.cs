using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Client.Running;

/// <summary>Brings the weights of a run that is over to this process, block by block.</summary>
internal sealed class RunWeights(ITrainingRun run, RunInputs inputs)
{
    private const int BlockLength = 1 << 18;

    /// <summary>Writes them as safetensors, whole or not at all.</summary>
    /// <exception cref="IOException">disk full, no such folder.</exception>
    internal Task SaveAsync(string path) => AtomicFile.WriteAsync(
        path, stream => WeightFile.WriteAsync(stream, inputs.Network, WeightMetadata.Create(inputs.Spec.Model, inputs.Dataset.Vocabulary), ReadAsync));

    /// <summary>A copy in this process's memory; the caller disposes of it.</summary>
    internal async Task<AlignedBuffer> CopyAsync()
    {
        AlignedBuffer copy = new(inputs.Network.Layout.Length);
        float[] block = new float[BlockLength];
        for (long offset = 0; offset < copy.Length; offset += BlockLength)
        {
            Memory<float> part = block.AsMemory(0, (int)Math.Min(BlockLength, copy.Length - offset));
            await ReadAsync(offset, part);
            part.Span.CopyTo(copy.Span(offset, part.Length));
        }

        return copy;
    }

    private async Task ReadAsync(long offset, Memory<float> target)
    {
        while (!target.IsEmpty)
        {
            int length = Math.Min(BlockLength, target.Length);
            TensorBlock block = await run.ReadWeights(offset, length, CancellationToken.None);
            block.Span.CopyTo(target.Span);
            target = target[length..];
            offset += length;
        }
    }
}
