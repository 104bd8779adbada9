using System.Diagnostics;

namespace TrnOrleans.Benchmarks.Peers;

/// <summary>Programs that are run and asked for their last line.</summary>
internal static class Programs
{
    /// <summary>A path inside the repository.</summary>
    internal static string Path(string path)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "TrnOrleans.sln")))
        {
            folder = folder.Parent;
        }

        return System.IO.Path.Combine(folder?.FullName ?? throw new InvalidOperationException("not inside the repository"), path);
    }

    /// <summary>The last line that a program prints.</summary>
    /// <exception cref="InvalidOperationException">it failed, or printed nothing.</exception>
    internal static string LastLine(string program, string arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 && output.Length > 0
            ? output.TrimEnd().Split('\n')[^1]
            : throw new InvalidOperationException($"{program} {arguments} ended with {process.ExitCode}");
    }

    /// <summary>The last line of the console.</summary>
    internal static string Trn(string arguments) => LastLine("dotnet", $"{Path("client/bin/Release/net10.0/trn.dll")} {arguments}");
}
