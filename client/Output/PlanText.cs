using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Client.Running;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Hardware.Steps;
using TrnOrleans.Hardware.Validation;

namespace TrnOrleans.Client.Output;

/// <summary>Plans for people and for programs.</summary>
internal static class PlanText
{
    /// <summary>A plan with its parts.</summary>
    internal static void Write(PlanRequest request, Machine machine, Plan plan)
    {
        StepCost cost = plan.Cost;
        Line($"{request.ModelName}, {Number(request.Work.Parameters)} parameters, {request.Recipe.Name}, batch {request.Batch:N0} × {request.Work.Sequence:N0} tokens");
        Line($"on {machine.Systems:N0} × {machine.System.Name} ({machine.Chips:N0} chips), fabric {machine.Fabric.Preset}, {machine.Stack.Name}: {plan.Layout}");
        Line($"  a step takes {Seconds(cost.Seconds)}: {Number(cost.Tokens / cost.Seconds)} tokens/s, MFU {100 * cost.Mfu:F1} % of {Chip.Word(request.Recipe.Compute)}");
        Line($"  {Expectation(machine)}");
        Table parts = Tables.Create("part", "time", "share");
        foreach ((string name, double seconds) in Parts(cost).Where(p => p.Seconds > 0))
        {
            parts.AddRow(name, Seconds(seconds), string.Create(CultureInfo.InvariantCulture, $"{100 * seconds / cost.Seconds:F1} %"));
        }

        Tables.Write(parts);
        Line($"  memory a chip: {Bytes(cost.Memory.Total)} of {Bytes(cost.MemoryBytes)}: weights {Bytes(cost.Memory.Weights)}, gradients {Bytes(cost.Memory.Gradients)}, optimizer {Bytes(cost.Memory.States)}, activations {Bytes(cost.Memory.Activations)}");
        Line($"  a chip sends in a step: {string.Join(", ", cost.Sent.Select(s => $"{s.Level} {Bytes(s.Bytes)}"))}");
        Line($"  collectives: {string.Join(", ", cost.Algorithms.Select(a => $"{a.Use} {a.Algorithm}"))}");
        Line($"  energy a step: {Number(cost.EnergyJoules)}J, {cost.EnergyJoules / cost.Tokens:G3} J a token{(cost.Dollars is { } dollars ? $"; {dollars:G3} $ a step" : "; no price is public")}");
        if (Readings(request, machine, plan) is { Count: > 1 } readings)
        {
            Line($"  by the reading of the fabric: {string.Join(", ", readings.Select(r => $"{r.Fabric} {Seconds(r.Seconds)}"))}");
        }

        foreach (string doubt in Doubts(machine))
        {
            Line($"  {doubt}");
        }
    }

    /// <summary>Best layouts, and the front of time and memory.</summary>
    internal static void WriteSearch(SearchResult found)
    {
        Line($"Of {found.Evaluated:N0} layouts the quickest:");
        Rows(found.Best);
        List<Plan> apart = FarApart(found.Front);
        Line(apart.Count == found.Front.Count
            ? "None is both quicker and smaller than one of these:"
            : string.Create(CultureInfo.InvariantCulture, $"None is both quicker and smaller than one of these (those that save a tenth of the memory, and the smallest; --json has all {found.Front.Count}):"));
        Rows(apart);

        static void Rows(IReadOnlyList<Plan> plans)
        {
            Table table = Tables.Create("step", "memory a chip", "MFU", "layout");
            foreach (Plan plan in plans)
            {
                table.AddRow(Seconds(plan.Cost.Seconds), Bytes(plan.Cost.Memory.Total), string.Create(CultureInfo.InvariantCulture, $"{100 * plan.Cost.Mfu:F1} %"), plan.Layout.ToString());
            }

            Tables.Write(table);
        }
    }

    /// <summary>Of layouts that need less and less memory, those that need a tenth less than the one before; a screen is no longer than it is.</summary>
    private static List<Plan> FarApart(IReadOnlyList<Plan> front)
    {
        List<Plan> apart = [];
        foreach (Plan plan in front)
        {
            if (apart.Count == 0 || plan == front[^1] || plan.Cost.Memory.Total <= 0.9 * apart[^1].Cost.Memory.Total)
            {
                apart.Add(plan);
            }
        }

        return apart;
    }

    /// <summary>A cluster that grows.</summary>
    internal static void WriteSweep(PlanRequest request, IReadOnlyList<ScalingPoint> points, string standing)
    {
        Line($"{request.ModelName} on {request.System}, {request.Recipe.Name}: the quickest layout that fits");
        Line($"  {standing}");
        Table table = Tables.Create("chips", "batch", "step", "tokens/s", "MFU", "memory a chip", "layout");
        foreach (ScalingPoint point in points)
        {
            if (point.Best is not { } best)
            {
                table.AddRow($"{point.Chips:N0}", $"{point.Batch:N0}", "none");
                continue;
            }

            table.AddRow(
                $"{point.Chips:N0}", $"{point.Batch:N0}", Seconds(best.Cost.Seconds), Number(best.Cost.Tokens / best.Cost.Seconds),
                string.Create(CultureInfo.InvariantCulture, $"{100 * best.Cost.Mfu:F1} %"), Bytes(best.Cost.Memory.Total), best.Layout.ToString());
        }

        Tables.Write(table);
    }

    /// <summary>A plan as JSON. Names are a promise.</summary>
    internal static JsonObject Json(PlanRequest request, Machine machine, Plan plan)
    {
        StepCost cost = plan.Cost;
        JsonObject document = Short(plan);
        document["model"] = request.ModelName;
        document["parameters"] = request.Work.Parameters;
        document["system"] = machine.System.Name;
        document["ultraservers"] = machine.Systems;
        document["chips"] = machine.Chips;
        document["fabric"] = machine.Fabric.Preset;
        document["stack"] = machine.Stack.Name;
        document["precision"] = request.Recipe.Name;
        document["batch"] = request.Batch;
        document["sequence_length"] = request.Work.Sequence;
        document["parts_seconds"] = new JsonObject(Parts(cost).Select(p => KeyValuePair.Create(p.Name.Replace(' ', '_').Replace("-", "_", StringComparison.Ordinal), (JsonNode?)p.Seconds)));
        document["memory_bytes"] = new JsonObject
        {
            ["weights"] = cost.Memory.Weights,
            ["gradients"] = cost.Memory.Gradients,
            ["optimizer"] = cost.Memory.States,
            ["activations"] = cost.Memory.Activations,
            ["chip"] = cost.MemoryBytes,
        };
        document["sent_bytes_per_chip"] = new JsonObject(cost.Sent.Select(s => KeyValuePair.Create(s.Level, (JsonNode?)s.Bytes)));
        document["step_seconds_by_fabric"] = new JsonObject(Readings(request, machine, plan).Select(r => KeyValuePair.Create(r.Fabric, (JsonNode?)r.Seconds)));
        document["collectives"] = new JsonObject(cost.Algorithms.Select(a => KeyValuePair.Create(a.Use, (JsonNode?)a.Algorithm)));
        document["energy_joules"] = cost.EnergyJoules;
        document["joules_per_token"] = cost.EnergyJoules / cost.Tokens;
        document["dollars"] = cost.Dollars;
        document["error_percent"] = ErrorOf(machine) is { } error ? error : null;
        document["expectation"] = Expectation(machine);
        document["standing"] = new JsonArray([.. Doubts(machine).Select(d => (JsonNode)d)]);
        return document;
    }

    /// <summary>The same in few words.</summary>
    internal static JsonObject Short(Plan plan) => new()
    {
        ["layout"] = new JsonObject
        {
            ["tensor_parallel"] = plan.Layout.TensorParallel,
            ["context_parallel"] = plan.Layout.ContextParallel,
            ["pipeline_parallel"] = plan.Layout.PipelineParallel,
            ["data_parallel"] = plan.Layout.DataParallel,
            ["expert_parallel"] = plan.Layout.ExpertParallel,
            ["interleave"] = plan.Layout.Interleave,
            ["micro_batch"] = plan.Layout.MicroBatch,
            ["zero"] = plan.Layout.Zero,
            ["sequence_parallel"] = plan.Layout.SequenceParallel,
            ["recompute"] = plan.Layout.Recompute.ToString().ToLowerInvariant(),
        },
        ["step_seconds"] = plan.Cost.Seconds,
        ["tokens_per_second"] = plan.Cost.Tokens / plan.Cost.Seconds,
        ["mfu"] = plan.Cost.Mfu,
        ["memory_bytes_per_chip"] = plan.Cost.Memory.Total,
    };

    /// <summary>"12.3 GiB".</summary>
    internal static string Bytes(double bytes) => bytes switch
    {
        >= 1L << 40 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1L << 40):F1} TiB"),
        >= 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 30):F1} GiB"),
        >= 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 20):F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024:F1} KiB"),
    };

    /// <summary>"70.6 G".</summary>
    internal static string Number(double value) => value switch
    {
        >= 1e12 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e12:G3} T"),
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:G3} G"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:G3} M"),
        >= 1e3 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:G3} k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:G3} "),
    };

    /// <summary>"1.23 ms".</summary>
    internal static string Seconds(double seconds) => seconds switch
    {
        >= 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F2} s"),
        >= 1e-3 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:F2} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:F1} µs"),
    };

    private static IEnumerable<(string Name, double Seconds)> Parts(StepCost cost) =>
    [
        ("tensor engine", cost.TensorSeconds), ("vector engine and memory", cost.VectorSeconds), ("launching", cost.LaunchSeconds), ("tensor-parallel", cost.TensorParallelSeconds),
        ("context-parallel", cost.ContextParallelSeconds), ("expert-parallel", cost.ExpertParallelSeconds), ("pipeline messages", cost.PipelineSeconds), ("pipeline bubble", cost.BubbleSeconds),
        ("data-parallel", cost.DataParallelSeconds), ("optimizer", cost.OptimizerSeconds), ("fixed", cost.FixedSeconds),
    ];

    /// <summary>The tables that a stack was fitted to say how far it may be off; nothing does where nothing was measured.</summary>
    private static double? ErrorOf(Machine machine)
    {
        SoftwareStack stack = machine.Stack;
        bool isOurs = Catalogue.BuiltIn.Stacks.Contains(stack) && Catalogue.BuiltIn.Chips.Contains(machine.Chip);
        ValidationTable? table = !isOurs ? null : (stack.Name, stack.Chip) switch
        {
            ("neuron-nxd", "trn1") => Table("trn1-neuron-sdk"),
            ("megatron-lm", "a100") => Table("megatron-2021-a100"),
            ("megatron-lm", "h100") => Table("megatron-core-h100"),
            ("megatron-deepspeed", "a100") => Table("a100-cluster"),
            _ => null,
        };
        return table is null ? null : ValidationTable.MeanError(table.Against(Catalogue.BuiltIn).Where(d => !d.Measured.IsCalibration));

        static ValidationTable Table(string name) => PublishedTables.All.First(t => t.Name == name);
    }

    /// <summary>How far the model may be off, or that nobody can know.</summary>
    internal static string Expectation(Machine machine) => ErrorOf(machine) is { } error
        ? string.Create(CultureInfo.InvariantCulture, $"on published runs of this chip that it was not fitted to, the model is off by {error:F1} % on average")
        : machine.Chip.Name is "trn2" or "trn3" or "trn4"
        ? $"extrapolated: no training on {machine.Chip.Name} has been published; efficiencies {machine.Stack.Source.Split(':')[0]}"
        : $"efficiencies of {machine.Stack.Name} on {machine.Chip.Name} have been held against no published training";

    /// <summary>The same layout on every reading of the fabric: where sources disagree, how much hangs on it.</summary>
    private static List<(string Fabric, double Seconds)> Readings(PlanRequest request, Machine machine, Plan plan) =>
    [
        .. machine.System.Fabrics.Keys.Select(name => (name, Machine.Of(request.Catalogue, machine.System.Name, machine.Systems, name, machine.Stack.Name)
            .Model(request.Recipe, request.Work).Evaluate(plan.Layout, request.Batch).Seconds)),
    ];

    /// <summary>Figures of the machine that are not official.</summary>
    private static IEnumerable<string> Doubts(Machine machine)
    {
        foreach ((string name, Figure figure) in Figures(machine).Where(f => f.Figure.Known != Standing.Official))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{figure.Known.ToString().ToLowerInvariant()}: {name} {figure.Value:G4} ({figure.Source})");
        }

        yield return $"{machine.Stack.Known.ToString().ToLowerInvariant()}: efficiencies of {machine.Stack.Name} ({machine.Stack.Source})";
    }

    private static IEnumerable<(string Name, Figure Figure)> Figures(Machine machine) =>
    [
        .. machine.Chip.PeakTeraflops.Where(p => p.Key is "bf16" or "fp8").Select(p => ($"{p.Key} TFLOP/s", p.Value)), ("memory GiB", machine.Chip.MemoryGibibytes),
        ("memory TB/s", machine.Chip.MemoryTerabytesPerSecond), ("power W", machine.Chip.PowerWatts),
        .. machine.System.Fabrics[machine.Fabric.Preset].SelectMany(l => new[] { ($"{l.Name} GB/s", l.GigabytesPerSecond), ($"{l.Name} latency µs", l.LatencyMicroseconds) }),
        ("network GB/s", machine.System.Network.GigabytesPerSecond), ("largest cluster", machine.System.Network.MostChips),
    ];

    private static void Line(FormattableString text) => Console.Out.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static void Line(string text) => Console.Out.WriteLine(text);
}
