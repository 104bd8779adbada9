using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Measuring;

/// <summary>What bounds a kernel on a machine without other limits.</summary>
public enum KernelBound
{
    /// <summary>Multiply-adds; its rate is in GFLOP/s.</summary>
    Arithmetic,

    /// <summary>Bytes that must be read or written once; its rate is in GB/s.</summary>
    Memory,
}

/// <summary>One kernel at one size, on operands of its own, ready to run.</summary>
public sealed class KernelCase : IDisposable
{
    private readonly IReadOnlyList<AlignedBuffer> _buffers;
    private readonly Action _run;

    /// <param name="name">What it is.</param>
    /// <param name="buffers">Its operands; disposed of with it.</param>
    /// <param name="run">One call of the kernel; takes as long every time, though it may change its operands.</param>
    internal KernelCase(KernelName name, IReadOnlyList<AlignedBuffer> buffers, Action run)
    {
        (Name, _buffers, _run) = (name, buffers, run);
    }

    /// <summary>What it is.</summary>
    public KernelName Name { get; }

    /// <summary>One call. On a compute thread it is helped by the others.</summary>
    public void Run() => _run();

    public void Dispose()
    {
        foreach (AlignedBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }
    }
}

/// <summary>Which kernel at which size, and how much work one call is.</summary>
/// <param name="Kernel">Such as "gemm" or "adamw".</param>
/// <param name="Form">Which of its forms, such as "nt" or "backward".</param>
/// <param name="Sizes">Names and values, such as m, n and k.</param>
/// <param name="Bound">What bounds it.</param>
/// <param name="Work">Floating-point operations, or bytes that must be read or written once, of one call.</param>
public sealed record KernelName(string Kernel, string Form, IReadOnlyList<(string Name, int Value)> Sizes, KernelBound Bound, double Work);
