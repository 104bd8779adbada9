using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Precision;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Client.Output;

/// <summary>Numbers and things as people read them.</summary>
internal static class Words
{
    /// <summary>"gpt, 4 layers, 4 heads, 128 wide, context 64, 65 tokens: 809,856 parameters".</summary>
    internal static string Network(RunFacts facts)
    {
        NetworkDescription d = facts.Spec.Model;
        string parameters = $"{facts.Network.Layout.Count:N0} parameters";
        return d.Family == NetworkFamily.Mlp
            ? $"mlp {string.Join('-', d.Sizes)}: {parameters}"
            : $"{Lower(d.Family)}, {d.Layers} layers, {d.Heads} heads, {d.Width} wide, context {d.Context}, {d.Vocabulary} tokens: {parameters}";
    }

    /// <summary>"gpt 4 × 128", "mlp 784-128-10".</summary>
    internal static string Name(NetworkDescription d) => d.Family == NetworkFamily.Mlp ? $"mlp {string.Join('-', d.Sizes)}" : $"{Lower(d.Family)} {d.Layers} × {d.Width}";

    /// <summary>"1 UltraServer × 4 chips".</summary>
    internal static string Cluster(ClusterSpec cluster) => $"{Count(cluster.UltraServers, "UltraServer")} × {Count(cluster.Chips, "chip")}";

    /// <summary>"laid out over 2 silos: 10.77.0.11:11111 has UltraServers 0–1, …".</summary>
    internal static string Layout(LayoutEvent layout) =>
        $"laid out over {Count(layout.Plan.Shares.Count, "silo")}: {string.Join(", ", layout.Plan.Shares.Select(s => $"{ClusterView.ForPeople(s.Silo)} has {s.ForPeople}"))}";

    /// <summary>"silo … was lost; went on after 0.8 s".</summary>
    internal static string Recovery(RecoveryEvent recovery) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{recovery.Why}; went on after {recovery.Seconds:F1} s, {Count(recovery.Recomputed, "step")} computed again");

    /// <summary>"no checkpoint of step 120: the disk is full".</summary>
    internal static string Failed(CheckpointReport report) => $"no checkpoint of step {report.Step}: {report.Failure}";

    /// <summary>How to come back to a run.</summary>
    internal static string Detached(string id) => $"run {id} goes on; `trn attach {id}` follows it, `trn stop {id}` ends it";

    /// <summary>The formats of a run that is not in FP32 throughout; else null.</summary>
    internal static string? Precision(RunFacts facts)
    {
        NetworkPrecision p = facts.Network.Precision;
        JsonObject changes = (JsonObject)JsonSerializer.SerializeToNode(facts.Spec.Precision, StrictJson.Compact)!;
        changes.Remove("recipe");
        string name = changes.Count == 0 ? p.Name : $"{p.Name}, but {string.Join(", ", changes.Select(c => $"{c.Key} {c.Value!.ToJsonString().Trim('"')}"))}";
        string backward = p.Weights == p.BackwardWeights && p.Activations == p.BackwardActivations ? string.Empty : $", backward {p.BackwardWeights} × {p.BackwardActivations}";
        string kept = p.Bf16Layers switch { Bf16Layers.Head => "; the head in bf16", Bf16Layers.Ends => "; the head, the first and the last block in bf16", _ => string.Empty };
        string scaled = p.LossScaling == LossScalingKind.None ? string.Empty : $"; {(p.LossScaling == LossScalingKind.Dynamic ? "dynamic" : "static")} loss scale";
        return p == NetworkPrecision.Fp32
            ? null
            : $"{name}: weights {p.Weights}, activations {p.Activations}{backward}, gradients {p.Gradients}, kept in {p.StoredWeights}{(p.StoredWeights.MantissaBits == NumberFormat.Fp32.MantissaBits ? string.Empty : p.UpdateRounding == Rounding.Stochastic ? " (stochastic)" : p.UpdateRounding == Rounding.Nearest ? " (nearest)" : " (toward zero)")}, sent in {p.Wire}{kept}{scaled}";
    }

    /// <summary>The worst of all tensors.</summary>
    internal static string Numerics(NumericsEvent numerics)
    {
        if (numerics.Tensors.Length == 0)
        {
            return "nothing is rounded: all operands are in fp32";
        }

        TensorNumerics noisy = numerics.Tensors.MinBy(t => t.SqnrDecibels);
        TensorNumerics saturated = numerics.Tensors.MaxBy(t => t.SaturatedShare);
        TensorNumerics flushed = numerics.Tensors.MaxBy(t => t.FlushedShare);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"in step {numerics.Step + 1}: least signal to noise {noisy.SqnrDecibels:F1} dB ({noisy.Layer} {noisy.Tensor}), most saturated {Percent(saturated.SaturatedShare)}{Of(saturated, saturated.SaturatedShare)}, most flushed to zero {Percent(flushed.FlushedShare)}{Of(flushed, flushed.FlushedShare)}");

        static string Of(TensorNumerics tensor, double share) => share == 0 ? string.Empty : $" ({tensor.Layer} {tensor.Tensor})";
    }

    /// <summary>What a row is called in rates.</summary>
    internal static string Rows(NetworkDescription model) => model.IsLanguageModel ? "tokens" : "samples";

    internal static string Duration(TimeSpan span) =>
        span.TotalHours >= 1 ? $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}" : $"{span.Minutes}:{span.Seconds:00}";

    /// <summary>Time that the steps behind this one take at its speed: right also when an old run is shown again.</summary>
    internal static string Left(RunFacts facts, StepEvent step)
    {
        double rows = (double)facts.Spec.Training.Batch * facts.Spec.Model.RowsPerSample * (facts.Spec.Training.Steps - step.Step - 1);
        return Duration(TimeSpan.FromSeconds(Math.Min(rows / step.RowsPerSecond, TimeSpan.MaxValue.TotalSeconds / 2)));
    }

    internal static string Seconds(double seconds) =>
        seconds < 60 ? $"{seconds.ToString("F1", CultureInfo.InvariantCulture)} s" : Duration(TimeSpan.FromSeconds(seconds));

    /// <summary>"99 %", "2.3 %", "0.0045 %": two digits, however small.</summary>
    internal static string Percent(double share) =>
        share < 0.0995 ? string.Create(CultureInfo.InvariantCulture, $"{100 * share:G2} %") : string.Create(CultureInfo.InvariantCulture, $"{100 * share:F0} %");

    internal static string Bytes(long bytes) =>
        bytes < 1L << 30 ? $"{bytes / (double)(1 << 20):F0} MiB" : $"{bytes / (double)(1L << 30):F2} GiB";

    internal static string Count(long count, string thing) => $"{count:N0} {thing}{(count == 1 ? string.Empty : "s")}";

    private static string Lower(NetworkFamily family) => family == NetworkFamily.Gpt ? "gpt" : "llama";
}
