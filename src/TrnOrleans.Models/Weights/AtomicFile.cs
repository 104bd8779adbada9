namespace TrnOrleans.Models.Weights;

/// <summary>Writes a file so that it is there whole or not at all: beside it first, flushed to the disk, then renamed over it.</summary>
public static class AtomicFile
{
    /// <summary>Writes through <paramref name="write"/>; on any failure the old file stays and the new one is removed.</summary>
    /// <exception cref="IOException">disk full, no permission, no such folder.</exception>
    /// <exception cref="UnauthorizedAccessException">no permission, or the path is a folder.</exception>
    public static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        RefuseSpecial(path);
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            await using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
            {
                await write(stream).ConfigureAwait(false);
                await stream.FlushAsync().ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>Finds out now, not after hours of work, whether a file can be written there.</summary>
    /// <exception cref="IOException">no such folder, or a disk that takes nothing.</exception>
    /// <exception cref="UnauthorizedAccessException">no permission, or the path is a folder.</exception>
    public static void CheckWritable(string path)
    {
        RefuseSpecial(path);
        string probe = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using FileStream stream = new(probe, FileMode.Create, FileAccess.Write, FileShare.None);
        }
        finally
        {
            TryDelete(probe);
        }
    }

    /// <summary>A rename would put the file in the place of a folder or of a device such as /dev/null.</summary>
    private static void RefuseSpecial(string path)
    {
        if (Directory.Exists(path))
        {
            throw new UnauthorizedAccessException($"{path} is a folder");
        }

        if (OperatingSystem.IsLinux() && Path.GetDirectoryName(Path.GetFullPath(path)) == "/dev")
        {
            throw new IOException($"{path} is a device");
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The failure that brought us here is the one to tell.
        }
    }
}
