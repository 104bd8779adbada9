using System.Runtime.InteropServices;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Benchmarks.Peers;

/// <summary>OpenBLAS in this process, where it is installed (Debian: libopenblas0-openmp or libopenblas0-pthread).</summary>
internal sealed unsafe partial class OpenBlas
{
    private const int RowMajor = 101;
    private const int AsIs = 111;
    private const int Transposed = 112;

    private static readonly string[] s_places =
    [
        "/usr/lib/x86_64-linux-gnu/openblas-openmp/libopenblas.so.0", "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0", "libopenblas.so.0",
    ];

    private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _sgemm;
    private readonly delegate* unmanaged<int, void> _setThreads;

    private OpenBlas(nint library)
    {
        _sgemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)
            NativeLibrary.GetExport(library, "cblas_sgemm");
        _setThreads = (delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads");
    }

    /// <summary>Null when it is not installed.</summary>
    internal static OpenBlas? Load()
    {
        // Older versions do not know newer processors and fall back to SSE3, a fifth of the speed. Read when the library is loaded.
        if (Environment.GetEnvironmentVariable("OPENBLAS_CORETYPE") is null)
        {
            _ = SetEnvironment("OPENBLAS_CORETYPE", "SkylakeX", 1);
        }

        foreach (string place in s_places)
        {
            if (NativeLibrary.TryLoad(place, out nint library))
            {
                return new OpenBlas(library);
            }
        }

        return null;
    }

    /// <summary>For the calls that this thread makes.</summary>
    internal void SetThreads(int threads) => _setThreads(threads);

    /// <summary>C = A · B in one of the forms nn, nt and tn.</summary>
    internal void Multiply(string form, AlignedBuffer a, AlignedBuffer b, AlignedBuffer c, int m, int n, int k) => _sgemm(
        RowMajor, form == "tn" ? Transposed : AsIs, form == "nt" ? Transposed : AsIs, m, n, k,
        1, a.Pointer, form == "tn" ? m : k, b.Pointer, form == "nt" ? k : n, 0, c.Pointer, n);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
