using System.Diagnostics;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

public class DiskFullTests
{
    [Fact]
    public async Task A_disk_that_is_full_at_the_end_costs_the_file_and_not_the_digest()
    {
        using TempFolder folder = new();
        string disk = folder.At("disk");
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root" && await RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk), "no small disk can be mounted here");
        try
        {
            string[] arguments = Trn.Train(Trn.Text(folder), "--width", "64", "--save", Path.Combine(disk, "w.safetensors"));
            ChildProcess.Result result = await Trn.RunAsync(arguments);
            Assert.Equal(1, result.ExitCode);
            Assert.Matches("^trn: the run ended after 3 steps with digest [0-9a-f]+, but its weights could not be saved to .*\n$", result.Errors);
            Assert.Empty(Directory.EnumerateFileSystemEntries(disk));
        }
        finally
        {
            await RunAsync("umount", disk);
        }
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        try
        {
            ProcessStartInfo start = new(program, arguments) { RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
