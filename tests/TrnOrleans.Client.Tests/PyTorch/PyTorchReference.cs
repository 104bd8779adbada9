using System.Diagnostics;
using System.Text.Json;

namespace TrnOrleans.Client.Tests.PyTorch;

/// <summary>Runs reference.py with a Python that has PyTorch; the test is skipped where there is none.</summary>
internal static class PyTorchReference
{
    private static readonly Lazy<string?> s_python = new(() =>
        new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(python => Run(python, ["-c", "import torch, numpy"]) is { Code: 0 }));

    internal static void SkipUnlessThere() => Assert.SkipUnless(s_python.Value is not null, "there is no python3 with PyTorch (Debian: python3-torch)");

    internal static double[] Losses(params string[] arguments) => JsonSerializer.Deserialize<double[]>(Script(arguments))!;

    internal static string Script(params string[] arguments)
    {
        (int code, string output, string errors) = Run(s_python.Value!, [Path.Combine(AppContext.BaseDirectory, "PyTorch", "reference.py"), .. arguments]);
        Assert.True(code == 0, errors);
        return output;
    }

    private static (int Code, string Output, string Errors) Run(string python, IEnumerable<string> arguments)
    {
        try
        {
            ProcessStartInfo start = new(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, errors.GetAwaiter().GetResult());
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return (-1, string.Empty, error.Message);
        }
    }
}
