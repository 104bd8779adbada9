using System.Globalization;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Client.Output;

/// <summary>Numbers and things as people read them.</summary>
internal static class Words
{
    /// <summary>"gpt, 4 layers, 4 heads, 128 wide, context 64, 65 tokens: 809,856 parameters".</summary>
    internal static string Network(RunInputs inputs)
    {
        NetworkDescription d = inputs.Spec.Model;
        string parameters = $"{inputs.Network.Layout.Count:N0} parameters";
        return d.Family == NetworkFamily.Mlp
            ? $"mlp {string.Join('-', d.Sizes)}: {parameters}"
            : $"{Lower(d.Family)}, {d.Layers} layers, {d.Heads} heads, {d.Width} wide, context {d.Context}, {d.Vocabulary} tokens: {parameters}";
    }

    /// <summary>"1 UltraServer × 4 chips, 2 compute threads".</summary>
    internal static string Cluster(ClusterSpec cluster, int threads) =>
        $"{Count(cluster.UltraServers, "UltraServer")} × {Count(cluster.Chips, "chip")}, {Count(threads, "compute thread")}";

    /// <summary>What a row is called in rates.</summary>
    internal static string Rows(NetworkDescription model) => model.IsLanguageModel ? "tokens" : "samples";

    internal static string Duration(TimeSpan span) =>
        span.TotalHours >= 1 ? $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}" : $"{span.Minutes}:{span.Seconds:00}";

    internal static string Seconds(double seconds) =>
        seconds < 60 ? $"{seconds.ToString("F1", CultureInfo.InvariantCulture)} s" : Duration(TimeSpan.FromSeconds(seconds));

    internal static string Bytes(long bytes) =>
        bytes < 1L << 30 ? $"{bytes / (double)(1 << 20):F0} MiB" : $"{bytes / (double)(1L << 30):F2} GiB";

    internal static string Count(long count, string thing) => $"{count:N0} {thing}{(count == 1 ? string.Empty : "s")}";

    private static string Lower(NetworkFamily family) => family == NetworkFamily.Gpt ? "gpt" : "llama";
}
