using System.Buffers;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace TrnOrleans.Grains.Contracts;

/// <summary>
/// A block on the wire: how many bytes follow, how many a number has (four, or two of BF16), and the numbers, little-endian as everywhere this
/// runs; copied once on each side.
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
        writer.WriteVarUInt32(1 + ((uint)value.Length * (uint)value.BytesPerNumber));
        writer.WriteByte((byte)value.BytesPerNumber);
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
        if (bytes < 1 || bytes > (LargestLength * sizeof(float)) + 1 || bytes > reader.Remaining)
        {
            throw new InvalidDataException($"a block of {bytes} bytes cannot be in this message");
        }

        bytes--;
        int each = reader.ReadByte();
        if (each is not (sizeof(float) or sizeof(ushort)) || bytes % each != 0)
        {
            throw new InvalidDataException($"a block of {bytes} bytes has no numbers of {each} bytes");
        }

        TensorBlock block = new((int)(bytes / each), each);
        block.ReadFrom(ref reader);
        return block;
    }

    /// <summary>Within a silo a block is passed on as it is.</summary>
    public TensorBlock? DeepCopy(TensorBlock? input, CopyContext context) => input;
}
