using System.Text.RegularExpressions;
using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Validation;

/// <summary>Published measurements that come with the program, and any other table with the columns of one of them.</summary>
public static partial class PublishedTables
{
    private static readonly string[] s_names =
    [
        "korthikanti-2022-a100", "megatron-2021-a100", "megascale-175b", "a100-8gpu-node", "a100-cluster", "megatron-core-h100", "trn1-neuron-sdk", "nccl-a100-x2-allreduce", "nccl-a100-x4-allreduce",
        "trn-nccom-test-samples",
    ];

    /// <summary>All that come with the program.</summary>
    public static IReadOnlyList<ValidationTable> All => field ??= [.. s_names.Select(Embedded)];

    /// <summary>Reads a table of somebody's own; its columns, or its name, say which kind it is.</summary>
    /// <param name="table">As read.</param>
    /// <param name="isOwn">Whether it is not one of ours: then no row of it has been calibrated on.</param>
    /// <exception cref="InvalidDescriptionException">its columns are of no known table, or a field cannot be.</exception>
    public static ValidationTable Of(CsvTable table, bool isOwn)
    {
        Kind kind = s_kinds.FirstOrDefault(k => k.Name is not null && table.Name.Contains(k.Name, StringComparison.Ordinal) && table.Has(k.Columns))
            ?? s_kinds.FirstOrDefault(k => table.Has(k.Columns))
            ?? throw new InvalidDescriptionException(
                $"{table.Name} has the columns of no table that is known; a table of step times has for example {string.Join(", ", s_kinds.First(k => k.Name == "a100-cluster").Columns)}");
        Measurement[] rows = [.. kind.Rows(table)];
        return rows.Length == 0 ? throw new InvalidDescriptionException($"{table.Name} has no rows that can be modelled")
            : isOwn ? new ValidationTable(table.Name, $"read as those of {kind.Source}", string.Empty, [.. rows.Select(r => r with { IsCalibration = false })])
            : new ValidationTable(table.Name, kind.Source, kind.Others, rows);
    }

    private sealed record Kind(string? Name, string[] Columns, string Source, string Others, Func<CsvTable, IEnumerable<Measurement>> Rows);

    private static readonly string[] s_vtrain = ["gpus", "global_batch", "micro_batch", "hidden", "heads", "layers", "seq_len", "tp", "dp", "pp", "iteration_ms"];

    private static readonly int s_trn1Cores = (int)Catalogue.BuiltIn.Chip("trn1").LogicalCores.Value;

    // More particular ones first: their columns hold those of others.
    private static readonly Kind[] s_kinds =
    [
        new("korthikanti", ["hidden", "layers", "heads", "gpus", "tp", "pp", "interleave", "global_batch", "micro_batch", "seq_len", "vocab", "full_recompute_s", "selective_seqparallel_s"],
            "Korthikanti et al. 2022, table 5", "Calculon 3.65 %", Korthikanti),
        new("h100", ["hidden", "layers", "heads", "tp", "pp", "dp", "gpus", "global_batch", "seq_len", "vocab", "step_s_derived"],
            "NVIDIA Megatron-Core, scaling of GPT on H100", "Calculon 28.5 %", MegatronCore),
        new("megatron-2021", ["hidden", "layers", "heads", "tp", "pp", "gpus", "global_batch", "seq_len", "vocab", "step_s_derived"],
            "Narayanan et al. 2021, table 1", "Calculon 10.8 %", Megatron2021),
        new("megascale", ["global_batch", "gpus", "megatron_lm_s"], "MegaScale, NSDI 2024, table 2: Megatron-LM on 175B", string.Empty, MegaScale),
        new("a100-8gpu-node", s_vtrain, "vTrain, MICRO 2024: one node", "vTrain 8.37 %, Calculon 39 %, a linear fit 6.6 %", VTrain),
        new("a100-cluster", s_vtrain, "vTrain, MICRO 2024: cluster", "vTrain 14.73 %, Calculon 28.8 %, a linear fit 8.8 %", VTrain),
        new("trn1", ["model", "neuron_sdk", "chips", "topology_listed", "micro_batch", "global_batch", "seq_len", "step_s_derived"],
            "AWS Neuron SDK, Trn1 training performance", "the rows themselves move by 5 to 16 % between releases", Trn1),
        new("nccom", ["op", "ranks", "nodes", "dtype", "bytes", "time_us"], "AWS Neuron documentation, samples of nccom-test", "the samples of one size differ by 25 times among themselves", Nccom),
        new("nccl", ["bytes", "time_us"], "NCCL all-reduce on A100 and NVLink", "α–β for each group size 1.64 %", Nccl),
    ];

    private static ValidationTable Embedded(string name)
    {
        using Stream stream = typeof(PublishedTables).Assembly.GetManifestResourceStream($"{name}.csv")!;
        return Of(CsvTable.Read(stream, $"{name}.csv"), isOwn: false);
    }

    private static IEnumerable<Measurement> Korthikanti(CsvTable table) => table.Rows.SelectMany((row, index) =>
    {
        Workload work = Gpt(table, row);
        int tensor = table.Whole(row, "tp");
        int pipeline = table.Whole(row, "pp");
        int data = Copies(table.Whole(row, "gpus"), tensor, pipeline);
        long batch = table.Whole(row, "global_batch");
        Layout full = new()
        {
            TensorParallel = tensor,
            PipelineParallel = pipeline,
            DataParallel = data,
            Interleave = table.Whole(row, "interleave"),
            MicroBatch = table.Whole(row, "micro_batch"),
            Recompute = Recompute.Full,
        };
        Layout selective = full with { Recompute = Recompute.Selective, SequenceParallel = true };
        return new[]
        {
            Step($"{table.Text(row, "model")} full recompute", table.Number(row, "full_recompute_s"), true, new MeasuredStep("dgx-a100", MegatronLm, "mixed_precision", work, batch, [full])),
            Step($"{table.Text(row, "model")} selective, SP", table.Number(row, "selective_seqparallel_s"), index % 2 == 0, new MeasuredStep("dgx-a100", MegatronLm, "mixed_precision", work, batch, [selective])),
        };
    });

    private static IEnumerable<Measurement> Megatron2021(CsvTable table) => table.Rows.Select((row, index) =>
    {
        int pipeline = table.Whole(row, "pp");
        Layout layout = new()
        {
            TensorParallel = table.Whole(row, "tp"),
            PipelineParallel = pipeline,
            DataParallel = Copies(table.Whole(row, "gpus"), table.Whole(row, "tp"), pipeline),
            Recompute = Recompute.Full,
        };
        Workload work = Gpt(table, row);
        return Step(
            table.Text(row, "model"), table.Number(row, "step_s_derived"), index % 2 == 0,
            new MeasuredStep("dgx-a100", MegatronLm, "mixed_precision", work, table.Whole(row, "global_batch"), [.. Unsaid(layout, work.Blocks)]));
    });

    private static IEnumerable<Measurement> MegatronCore(CsvTable table) => table.Rows.Select((row, index) =>
    {
        Workload work = Gpt(table, row);
        Layout layout = new()
        {
            TensorParallel = table.Whole(row, "tp"),
            PipelineParallel = table.Whole(row, "pp"),
            DataParallel = table.Whole(row, "dp"),
            SequenceParallel = true,
            FlashAttention = true,
            Zero = 1,
        };
        return Step(
            table.Text(row, "model"), table.Number(row, "step_s_derived"), index % 2 == 0,
            new MeasuredStep("dgx-h100", MegatronLm, "mixed_precision", work, table.Whole(row, "global_batch"), [.. Unsaid(layout, work.Blocks)]));
    });

    private static IEnumerable<Measurement> MegaScale(CsvTable table) => table.Rows.Select(row =>
    {
        // 175B with TP 8, PP 8, VP 6: MegaScale, section 6.1.
        Workload work = Gpt(12288, 96, 96, 2048, 64000);
        Layout layout = new()
        {
            TensorParallel = 8,
            PipelineParallel = 8,
            DataParallel = table.Whole(row, "gpus") / 64,
            Interleave = 6,
            SequenceParallel = true,
            Recompute = Recompute.Selective,
            Zero = 1,
        };
        return Step(
            $"175B on {table.Text(row, "gpus")}", table.Number(row, "megatron_lm_s"), false, new MeasuredStep("dgx-a100", MegatronLm, "mixed_precision", work, table.Whole(row, "global_batch"), [layout]));
    });

    private static IEnumerable<Measurement> VTrain(CsvTable table) => table.Rows.Select((row, index) =>
    {
        Layout layout = new()
        {
            TensorParallel = table.Whole(row, "tp"),
            PipelineParallel = table.Whole(row, "pp"),
            DataParallel = table.Whole(row, "dp"),
            MicroBatch = table.Whole(row, "micro_batch"),

            // Its largest micro-batches would not fit otherwise.
            Recompute = Recompute.Full,
        };
        Workload work = Gpt(table.Whole(row, "hidden"), table.Whole(row, "layers"), table.Whole(row, "heads"), table.Whole(row, "seq_len"), 51200);
        long batch = table.Whole(row, "global_batch");
        return Step(
            $"h {work.Width} L {work.Blocks} batch {batch} {layout}", table.Number(row, "iteration_ms") / 1e3, index % 2 == 0,
            new MeasuredStep("a100-cluster", "megatron-deepspeed", "mixed_precision", work, batch, [layout]));
    });

    private static IEnumerable<Measurement> Trn1(CsvTable table)
    {
        // A configuration was measured with several releases: the mean of them. What is marked as suspect is left out.
        var groups = table.Rows.Where(row => !table.Text(row, "note").Contains("SUSPECT", StringComparison.Ordinal)).GroupBy(row => (
            Model: table.Text(row, "model"), Chips: table.Whole(row, "chips"), Topology: Topology(table.Text(row, "topology_listed")), Micro: table.Whole(row, "micro_batch"),
            Batch: table.Whole(row, "global_batch"), Sequence: table.Whole(row, "seq_len"), IsMaster: table.Text(row, "train_dtype").Contains("FP32Optimizer", StringComparison.Ordinal)));
        foreach ((int index, var group) in groups.OrderBy(g => g.Key.ToString(), StringComparer.Ordinal).Index())
        {
            (int cores, int pipeline, int zero) = group.Key.Topology;
            int tensor = Math.Max(1, cores / s_trn1Cores);
            Layout layout = new()
            {
                TensorParallel = tensor,
                PipelineParallel = pipeline,
                DataParallel = Copies(group.Key.Chips, tensor, pipeline),
                MicroBatch = group.Key.Micro,
                SequenceParallel = true,
                Zero = zero,

                // The rows with stochastic rounding are of NeMo-Megatron for Neuron, which recomputes everything; those with an FP32 optimizer of
                // NxD, with attention in one kernel.
                FlashAttention = group.Key.IsMaster,
                Recompute = group.Key.IsMaster ? Recompute.Selective : Recompute.Full,
            };
            yield return Step(
                $"{group.Key.Model} on {group.Key.Chips} chips, {layout}", group.Average(row => table.Number(row, "step_s_derived")), index % 2 == 0,
                new MeasuredStep("trn1.32xl", "neuron-nxd", group.Key.IsMaster ? "mixed_precision" : "bf16SR", Known(group.Key.Model, group.Key.Sequence), group.Key.Batch, [layout]));
        }
    }

    private static IEnumerable<Measurement> Nccl(CsvTable table)
    {
        int ranks = RanksInName().Match(table.Name) is { Success: true } match && int.TryParse(match.Groups[1].Value, out int named) && named is > 1 and <= 1_000_000 ? named : 8;
        return table.Rows.Select((row, index) =>
        {
            double bytes = table.Number(row, "bytes");
            return new Measurement(
                $"{bytes:N0} bytes, {ranks} ranks", table.Number(row, "time_us") * 1e-6, index % 2 == 0,
                catalogue => new Fabric(catalogue.System("dgx-a100"), null, (ranks + 7) / 8, catalogue.Stack("nccl", "a100")).Time(CollectiveOperation.AllReduce, bytes, new RankGroup(ranks, 1), first: 0).Seconds);
        });
    }

    private static IEnumerable<Measurement> Nccom(CsvTable table) => table.Rows
        .Where(row => table.Text(row, "op") is "allr" or "allg")
        .Select(row =>
        {
            // Ranks are cores.
            int ranks = Math.Max(2, table.Whole(row, "ranks") / s_trn1Cores);
            double bytes = table.Number(row, "bytes");
            CollectiveOperation kind = table.Text(row, "op") == "allr" ? CollectiveOperation.AllReduce : CollectiveOperation.AllGather;
            return new Measurement(
                $"{table.Text(row, "op")} {bytes:N0} bytes, {table.Text(row, "ranks")} cores", table.Number(row, "time_us") * 1e-6, false,
                catalogue => new Fabric(catalogue.System("trn1.32xl"), null, table.Whole(row, "nodes"), catalogue.Stack("neuron-nxd", "trn1")).Time(kind, bytes, new RankGroup(ranks, 1), first: 0).Seconds);
        });

    private const string MegatronLm = "megatron-lm";

    /// <exception cref="InvalidDescriptionException">the chips are no multiple of what a copy has.</exception>
    private static int Copies(int chips, int tensor, int pipeline) => chips % ((long)tensor * pipeline) == 0
        ? (int)(chips / ((long)tensor * pipeline))
        : throw new InvalidDescriptionException($"{chips:N0} chips are no multiple of TP {tensor} × PP {pipeline}");

    /// <summary>Micro-batches and interleavings that may have been used where a publication is silent.</summary>
    private static IEnumerable<Layout> Unsaid(Layout layout, int blocks)
    {
        foreach (int micro in new[] { 1, 2, 4, 8 })
        {
            for (int parts = 1; parts == 1 || (layout.PipelineParallel > 1 && parts <= blocks / layout.PipelineParallel && parts <= 6); parts++)
            {
                if (parts == 1 || blocks % ((long)layout.PipelineParallel * parts) == 0)
                {
                    yield return layout with { MicroBatch = micro, Interleave = parts };
                }
            }
        }
    }

    private static Measurement Step(string label, double seconds, bool isCalibration, MeasuredStep step) => new(label, seconds, isCalibration, step.Seconds);

    private static Workload Gpt(CsvTable table, string[] row) =>
        Gpt(table.Whole(row, "hidden"), table.Whole(row, "layers"), table.Whole(row, "heads"), table.Whole(row, "seq_len"), table.Whole(row, "vocab"));

    private static Workload Gpt(int width, int layers, int heads, int sequence, int vocabulary) => Workload.Of(PlanModels.Gpt(width, layers, heads, sequence, vocabulary));

    /// <summary>A model as the Neuron SDK's tables name it: "Llama-3.1-8B" is llama3-8b.</summary>
    /// <exception cref="InvalidDescriptionException">its size is not known.</exception>
    private static Workload Known(string model, int sequence)
    {
        string name = model.ToLowerInvariant().Replace("llama-3.1", "llama3", StringComparison.Ordinal).Replace("llama-3", "llama3", StringComparison.Ordinal);
        return PlanModels.All.TryGetValue(name, out NetworkDescription? description)
            ? Workload.Of(description, sequence)
            : throw new InvalidDescriptionException($"the size of {model} is not known; known are {string.Join(", ", PlanModels.All.Keys)}");
    }

    /// <summary>Tensor-parallel cores, pipeline stages and the stage of ZeRO.</summary>
    private static (int Cores, int Pipeline, int Zero) Topology(string listed)
    {
        Match tensor = TensorInTopology().Match(listed);
        Match pipeline = PipelineInTopology().Match(listed);
        int stages = 1;
        return tensor.Success && int.TryParse(tensor.Groups[1].Value + tensor.Groups[2].Value, out int cores) && cores > 0
            && (!pipeline.Success || (int.TryParse(pipeline.Groups[1].Value, out stages) && stages > 0))
            ? (cores, stages, listed.Contains("ZeRO-1", StringComparison.Ordinal) ? 1 : 0)
            : throw new InvalidDescriptionException($"the topology \"{listed}\" cannot be read; it is such as TP=8 DP=32 PP=4");
    }

    [GeneratedRegex(@"x(\d+)")]
    private static partial Regex RanksInName();

    [GeneratedRegex(@"TP=(\d+)|\[(\d+)xNC\(TP\)")]
    private static partial Regex TensorInTopology();

    [GeneratedRegex(@"PP=(\d+)")]
    private static partial Regex PipelineInTopology();
}
