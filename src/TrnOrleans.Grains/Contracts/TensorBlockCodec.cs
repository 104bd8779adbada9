using System.Buffers;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace TrnOrleans.Grains.Contracts;

/// <summary>
/// A block on the wire: its length in bytes and the bytes themselves, little-endian as everywhere this runs; copied once on each side.
/// Orleans' own codec of float[] writes a header for every element and is ten times slower.
/// </summary>
[RegisterSerializer]
[RegisterCopier]
public sealed class TensorBlockCodec : IFieldCodec<TensorBlock>, IDeepCopier<TensorBlock>
{
    /// <summary>Floats of the largest block that is taken in: 64 MiB, below Orleans' limit of 100 MB for a message.</summary>
    public const int LargestLength = 1 << 24;

    /// <inheritdoc/>
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, TensorBlock? value)
        where TBufferWriter : IBufferWriter<byte>
    {
        ArgumentNullException.ThrowIfNull(value);
        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteFieldHeader(fieldIdDelta, expectedType!, typeof(TensorBlock), WireType.LengthPrefixed);
        writer.WriteVarUInt32((uint)value.Length * sizeof(float));
        value.WriteTo(ref writer);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">a length that is no number of floats, or more than may be in a block or in the message.</exception>
    public TensorBlock ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        ReferenceCodec.MarkValueField(reader.Session);
        field.EnsureWireType(WireType.LengthPrefixed);
        uint bytes = reader.ReadVarUInt32();

        // Before anything is rented: a damaged length must not take the silo's memory.
        if (bytes % sizeof(float) != 0 || bytes > LargestLength * sizeof(float) || bytes > reader.Remaining)
        {
            throw new InvalidDataException($"a block of {bytes} bytes cannot be in this message");
        }

        TensorBlock block = new((int)(bytes / sizeof(float)));
        reader.ReadBytes(MemoryMarshal.AsBytes(block.Span));
        return block;
    }

    /// <summary>Within a silo a block is passed on as it is.</summary>
    public TensorBlock? DeepCopy(TensorBlock? input, CopyContext context) => input;
}
