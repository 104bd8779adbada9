using System.Runtime.InteropServices;

namespace TrnOrleans.Numerics.Memory;

/// <summary>
/// Asks Linux for pages of 2 MiB behind large buffers: a product of 2,048² touches more pages of 4 KiB than the processor's address
/// tables hold. Only a request; elsewhere, or when refused, nothing changes but the speed.
/// </summary>
internal static unsafe partial class LargePages
{
    /// <summary>Bytes of a large page on x86-64 and, by default, on ARM 64.</summary>
    internal const nuint Size = 2 << 20;

    // MADV_HUGEPAGE, from Linux's <asm-generic/mman-common.h>.
    private const int AdviseHugePage = 14;

    /// <summary>Before the first write to <paramref name="bytes"/> at <paramref name="start"/>, which lies at a multiple of <see cref="Size"/>.</summary>
    internal static void Request(void* start, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(start, bytes / Size * Size, AdviseHugePage);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);
}
