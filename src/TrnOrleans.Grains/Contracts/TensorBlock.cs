using System.Runtime.InteropServices;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Contracts;

/// <summary>
/// A window of floats on its way between grains: within a silo a reference to the owner's memory, between silos a copy of its bytes.
/// The sender keeps the memory unchanged until the call it was passed to has returned.
/// </summary>
[Immutable]
public sealed class TensorBlock
{
    private readonly AlignedBuffer? _buffer;
    private readonly long _offset;
    private readonly float[]? _copy;

    /// <summary>A window of a buffer.</summary>
    public TensorBlock(AlignedBuffer buffer, long offset, int length)
    {
        (_buffer, _offset, Length) = (buffer, offset, length);
    }

    /// <summary>Floats of its own.</summary>
    public TensorBlock(float[] values)
    {
        (_copy, Length) = (values, values.Length);
    }

    /// <summary>Number of floats.</summary>
    public int Length { get; }

    /// <summary>The floats.</summary>
    public ReadOnlySpan<float> Span => _buffer is null ? _copy : _buffer.Span(_offset, Length);
}

/// <summary>What a block is on the wire: its bytes, little-endian as everywhere this runs.</summary>
[GenerateSerializer]
public struct TensorBlockBytes
{
    [Id(0)]
    public byte[] Bytes;
}

/// <summary>Copies a block out of and into memory when it crosses between silos.</summary>
[RegisterConverter]
public sealed class TensorBlockConverter : IConverter<TensorBlock, TensorBlockBytes>
{
    public TensorBlock ConvertFromSurrogate(in TensorBlockBytes surrogate) => new(MemoryMarshal.Cast<byte, float>(surrogate.Bytes).ToArray());

    public TensorBlockBytes ConvertToSurrogate(in TensorBlock value) => new() { Bytes = MemoryMarshal.AsBytes(value.Span).ToArray() };
}
