using System.Diagnostics;
using System.Reflection;

namespace TrnOrleans.Tests;

/// <summary>Runs a .NET program of this repository as a process of its own and waits for it with a deadline.</summary>
internal static class ChildProcess
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(5);

    /// <summary>What a process left behind.</summary>
    internal sealed record Result(int ExitCode, string Output, string Errors)
    {
        /// <summary>Lines of standard output.</summary>
        internal string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Starts `dotnet NAME.dll`.</summary>
    internal static async Task<Result> DotnetAsync(string assembly, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        using Process process = Start(assembly, arguments, environment);
        return await FinishAsync(process, $"{assembly} {string.Join(' ', arguments)}");
    }

    /// <summary>Starts it without waiting; for tests that send signals.</summary>
    internal static Process Start(string assembly, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        ProcessStartInfo start = new(host) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(FolderOf(assembly), assembly + ".dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{assembly} did not start");
    }

    /// <summary>The test's own folder, unless its project names another for the program.</summary>
    private static string FolderOf(string assembly) =>
        typeof(ChildProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == assembly)?.Value ?? AppContext.BaseDirectory;

    /// <summary>Reads everything and waits for the end.</summary>
    internal static async Task<Result> FinishAsync(Process process, string what)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource deadline = new(s_deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{what} did not end within {s_deadline}; it printed: {await output} {await errors}");
        }

        return new Result(process.ExitCode, await output, await errors);
    }
}
