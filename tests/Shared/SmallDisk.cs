using System.Diagnostics;

namespace TrnOrleans.Tests;

/// <summary>A disk of some kilobytes, where one can be mounted; gone with the test.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TempFolder _folder = new();

    private SmallDisk()
    {
        Directory.CreateDirectory(Root);
    }

    internal string Root => _folder.At("disk");

    /// <summary>Mounts one; null where that is not allowed.</summary>
    /// <param name="options">As mount takes them, such as "size=64k".</param>
    internal static SmallDisk? Mount(string options)
    {
        SmallDisk disk = new();
        if (OperatingSystem.IsLinux() && Environment.UserName == "root" && Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk.Root))
        {
            return disk;
        }

        disk._folder.Dispose();
        return null;
    }

    /// <summary>Takes nothing more from now on.</summary>
    internal bool MakeReadOnly() => Run("mount", "-o", "remount,ro", Root);

    public void Dispose()
    {
        Run("umount", Root);
        _folder.Dispose();
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
