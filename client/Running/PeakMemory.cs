using System.Diagnostics;
using System.Globalization;

namespace TrnOrleans.Client.Running;

/// <summary>The largest resident memory that this process has had.</summary>
internal static class PeakMemory
{
    /// <summary>In bytes; VmHWM on Linux, where the general interface reports the current value only.</summary>
    internal static long Bytes()
    {
        const string Status = "/proc/self/status";
        if (File.Exists(Status))
        {
            string? line = File.ReadLines(Status).FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            if (line is not null && long.TryParse(line["VmHWM:".Length..].Replace("kB", string.Empty, StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture, out long kibibytes))
            {
                return kibibytes * 1024;
            }
        }

        using Process self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }
}
