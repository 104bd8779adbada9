using System.ComponentModel;
using System.Runtime.InteropServices;

namespace TrnOrleans.Models.Weights;

/// <summary>Flushes what a folder lists to the disk: without it a file that was renamed may be back under its old name after a power cut.</summary>
public static partial class DurableFolder
{
    // POSIX open(2): O_RDONLY is 0 on all systems.
    private const int ReadOnly = 0;

    /// <summary>Waits until the entries of a folder are on the disk. Windows keeps a journal of its own for that, and is left alone.</summary>
    /// <exception cref="IOException">the disk does not take them.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int handle = Open(folder, ReadOnly);
        if (handle < 0)
        {
            throw Failure(folder);
        }

        try
        {
            if (Sync(handle) != 0)
            {
                throw Failure(folder);
            }
        }
        finally
        {
            _ = Close(handle);
        }
    }

    private static IOException Failure(string folder) =>
        new($"{folder} cannot be flushed to the disk: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int handle);
}
