using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TrnOrleans.Models.Weights;

/// <summary>An open safetensors file; its header is checked on opening, its tensors are read one by one.</summary>
public sealed class SafetensorsReader : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly long _dataStart;

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="InvalidWeightsException">missing, unreadable, or not as the format says; one sentence.</exception>
    public SafetensorsReader(string path)
    {
        _path = path;
        try
        {
            _file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidWeightsException($"cannot read {path}: {Reason(error)}", error);
        }

        try
        {
            long length = RandomAccess.GetLength(_file);
            Span<byte> size = stackalloc byte[8];
            if (length < 8 || RandomAccess.Read(_file, size, 0) != 8)
            {
                throw new InvalidWeightsException($"{path} is too short to be a safetensors file");
            }

            ulong header = BinaryPrimitives.ReadUInt64LittleEndian(size);
            if (header > SafetensorsHeader.LargestHeader)
            {
                throw new InvalidWeightsException($"{path} claims a header of {header} bytes; at most {SafetensorsHeader.LargestHeader} are read, so it is damaged or no safetensors file");
            }

            if ((long)header > length - 8)
            {
                throw new InvalidWeightsException($"{path} ends within its header; it is cut short or no safetensors file");
            }

            byte[] bytes = new byte[header];
            ReadExactly(bytes, 8);
            _dataStart = 8 + (long)header;
            (Entries, Metadata) = SafetensorsHeader.Parse(bytes, length - _dataStart, path);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>The free-form strings of the header.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads a tensor of F32, F16 or BF16 as floats, row-major.</summary>
    /// <exception cref="InvalidWeightsException">another type, or the file ends.</exception>
    public void Read(SafetensorsEntry entry, Span<float> target)
    {
        if (entry.Type is "F32")
        {
            ReadExactly(MemoryMarshal.AsBytes(target), _dataStart + entry.Begin);
            return;
        }

        if (entry.Type is not ("F16" or "BF16"))
        {
            throw new InvalidWeightsException($"{_path}: tensor {entry.Name} is {entry.Type}; weights are read from F32, F16 or BF16");
        }

        ushort[] halves = ArrayPool<ushort>.Shared.Rent(target.Length);
        try
        {
            Span<ushort> codes = halves.AsSpan(0, target.Length);
            ReadExactly(MemoryMarshal.AsBytes(codes), _dataStart + entry.Begin);
            for (int i = 0; i < codes.Length; i++)
            {
                target[i] = entry.Type == "F16" ? (float)BitConverter.UInt16BitsToHalf(codes[i]) : BitConverter.UInt32BitsToSingle((uint)codes[i] << 16);
            }
        }
        finally
        {
            ArrayPool<ushort>.Shared.Return(halves);
        }
    }

    /// <summary>Reads some values of a tensor of F32.</summary>
    /// <param name="entry">The tensor.</param>
    /// <param name="first">First value.</param>
    /// <param name="target">Receives them.</param>
    /// <exception cref="InvalidWeightsException">another type, or the tensor or the file ends.</exception>
    public void Read(SafetensorsEntry entry, long first, Span<float> target)
    {
        long position = entry.Begin + (first * sizeof(float));
        if (entry.Type is not "F32" || first < 0 || position + ((long)target.Length * sizeof(float)) > entry.End)
        {
            throw new InvalidWeightsException($"{_path}: tensor {entry.Name} has no {target.Length} values of F32 from {first} on");
        }

        ReadExactly(MemoryMarshal.AsBytes(target), _dataStart + position);
    }

    public void Dispose() => _file.Dispose();

    internal static string Reason(Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException => "it is a folder, or permission is denied",
        ArgumentException => "this is no path",
        _ => error.Message.TrimEnd('.'),
    };

    private void ReadExactly(Span<byte> target, long position)
    {
        while (!target.IsEmpty)
        {
            int read = RandomAccess.Read(_file, target, position);
            if (read == 0)
            {
                throw new InvalidWeightsException($"{_path} ended while it was read");
            }

            target = target[read..];
            position += read;
        }
    }
}
