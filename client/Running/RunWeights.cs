using TrnOrleans.Grains.Contracts;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Text;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Client.Running;

/// <summary>Brings the weights of a run that is over to this process, block by block.</summary>
internal sealed class RunWeights(ITrainingRun run, Network network, CharacterVocabulary? vocabulary)
{
    private const int BlockLength = 1 << 18;

    /// <summary>Writes them as safetensors, whole or not at all.</summary>
    /// <exception cref="IOException">disk full, no such folder.</exception>
    internal Task SaveAsync(string path) => AtomicFile.WriteAsync(
        path, stream => WeightFile.WriteAsync(stream, network, WeightMetadata.Create(network.Description, vocabulary), ReadAsync));

    /// <summary>A copy in this process's memory; the caller disposes of it.</summary>
    internal async Task<AlignedBuffer> CopyAsync()
    {
        AlignedBuffer copy = new(network.Layout.Length);
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
            block.Release();
            target = target[length..];
            offset += length;
        }
    }
}
