using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TrnOrleans.Numerics.Memory;

/// <summary>Zeroed floats outside the managed heap, aligned to 64 bytes (one cache line, one 16-lane vector); never moved, freed on Dispose.</summary>
/// <remarks>Kernels keep raw pointers while they run, so the owner must not dispose of a buffer that a job still uses.</remarks>
public sealed unsafe class AlignedBuffer : IDisposable
{
    private const nuint Alignment = 64;
    private float* _start;

    /// <param name="length">Number of floats; zero is allowed.</param>
    /// <exception cref="ArgumentOutOfRangeException">negative, or more bytes than the address space holds.</exception>
    /// <exception cref="OutOfMemoryException">the machine has no such memory.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue / sizeof(float) / 2);
        Length = length;
        nuint bytes = ((nuint)length * sizeof(float) + Alignment - 1) / Alignment * Alignment;
        bool large = bytes >= LargePages.Size;
        _start = (float*)NativeMemory.AlignedAlloc(Math.Max(bytes, Alignment), large ? LargePages.Size : Alignment);
        if (large)
        {
            LargePages.Request(_start, bytes);
        }

        NativeMemory.Clear(_start, Math.Max(bytes, Alignment));
    }

    ~AlignedBuffer() => Free();

    /// <summary>Number of floats.</summary>
    public long Length { get; }

    /// <summary>The first float. Valid until Dispose.</summary>
    /// <exception cref="ObjectDisposedException">the memory is gone.</exception>
    public float* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start is null, this);
            return _start;
        }
    }

    /// <summary>A window of at most 2^31 − 1 floats.</summary>
    public Span<float> Span(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, Length);
        return new Span<float>(Pointer + offset, length);
    }

    /// <summary>The whole buffer as a span; throws OverflowException above 2^31 − 1 floats.</summary>
    public Span<float> Span() => Span(0, checked((int)Length));

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Free()
    {
        if (_start is not null)
        {
            NativeMemory.AlignedFree(_start);
            _start = null;
        }
    }
}
