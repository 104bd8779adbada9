using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Contracts;

/// <summary>
/// A window of floats on its way between grains: within a silo a reference to the owner's memory, between silos one copy into a pooled
/// buffer. The sender keeps the memory unchanged until the call it was passed to has returned; the receiver releases it when it is done.
/// </summary>
[Immutable]
public sealed class TensorBlock
{
    private readonly AlignedBuffer? _buffer;
    private readonly IReductionMemory? _owner;
    private readonly long _offset;
    private byte[]? _pooled;

    /// <summary>A window of a buffer.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="offset">First float of the window.</param>
    /// <param name="length">Floats.</param>
    /// <param name="owner">What keeps the buffer's memory from going away while it is copied to the wire, whenever that is; or null.</param>
    /// <param name="bytesPerNumber">On the wire: 4, or 2 where all floats are BF16's.</param>
    public TensorBlock(AlignedBuffer buffer, long offset, int length, IReductionMemory? owner = null, int bytesPerNumber = sizeof(float))
    {
        (_buffer, _offset, Length, _owner, BytesPerNumber) = (buffer, offset, length, owner, bytesPerNumber);
    }

    /// <summary>A copy of its own.</summary>
    public TensorBlock(ReadOnlySpan<float> values)
        : this(values.Length)
    {
        values.CopyTo(Span);
    }

    /// <summary>Floats of its own, from the pool, holding anything.</summary>
    internal TensorBlock(int length, int bytesPerNumber = sizeof(float))
    {
        (Length, BytesPerNumber) = (length, bytesPerNumber);
        _pooled = ArrayPool<byte>.Shared.Rent(length * sizeof(float));
    }

    /// <summary>Number of floats.</summary>
    public int Length { get; }

    /// <summary>Bytes of a number on the wire.</summary>
    public int BytesPerNumber { get; }

    /// <summary>The floats.</summary>
    /// <exception cref="ObjectDisposedException">it has been released, or its owner's memory is gone.</exception>
    public Span<float> Span
    {
        get
        {
            if (_buffer is not null)
            {
                return _buffer.Span(_offset, Length);
            }

            ObjectDisposedException.ThrowIf(_pooled is null, this);
            return MemoryMarshal.Cast<byte, float>(_pooled.AsSpan())[..Length];
        }
    }

    /// <summary>Writes the bytes somewhere, while their memory is kept.</summary>
    /// <exception cref="ObjectDisposedException">the memory is gone: nobody waits for this block any more.</exception>
    internal void WriteTo<TBufferWriter>(ref Writer<TBufferWriter> writer)
        where TBufferWriter : IBufferWriter<byte>
    {
        using MemoryHold stays = new(_owner);
        if (BytesPerNumber == sizeof(float))
        {
            writer.Write(MemoryMarshal.AsBytes(Span));
            return;
        }

        ushort[] codes = ArrayPool<ushort>.Shared.Rent(Length);
        FormatCodec.Encode(Span, codes.AsSpan(0, Length), NumberFormat.Bf16, saturate: false);
        writer.Write(MemoryMarshal.AsBytes(codes.AsSpan(0, Length)));
        ArrayPool<ushort>.Shared.Return(codes);
    }

    /// <summary>Fills a block that came in with what a message says.</summary>
    internal void ReadFrom<TInput>(ref Reader<TInput> reader)
    {
        if (BytesPerNumber == sizeof(float))
        {
            reader.ReadBytes(MemoryMarshal.AsBytes(Span));
            return;
        }

        ushort[] codes = ArrayPool<ushort>.Shared.Rent(Length);
        reader.ReadBytes(MemoryMarshal.AsBytes(codes.AsSpan(0, Length)));
        FormatCodec.Decode(codes.AsSpan(0, Length), Span, NumberFormat.Bf16);
        ArrayPool<ushort>.Shared.Return(codes);
    }

    /// <summary>XXH3 of the bytes.</summary>
    public ulong Hash() => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(Span));

    /// <summary>Gives pooled memory back; does nothing for a window of somebody's buffer.</summary>
    public void Release()
    {
        if (Interlocked.Exchange(ref _pooled, null) is { } pooled)
        {
            ArrayPool<byte>.Shared.Return(pooled);
        }
    }
}
