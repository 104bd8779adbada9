using System.CommandLine;
using System.Text.Json.Nodes;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn allreduce`: measures collectives, with the options and the columns of nccom-test.</summary>
internal static class AllReduceCommand
{
    private const int MostChips = 144;
    private const long MostUltraServers = 1024;
    private const int MostIterations = 1_000_000;
    private const int MostSizes = 10_000;

    /// <summary>The operations by the names that nccom-test and people use.</summary>
    private static readonly Dictionary<string, CollectiveKind> s_operations = new()
    {
        ["all_reduce"] = CollectiveKind.AllReduce,
        ["allr"] = CollectiveKind.AllReduce,
        ["reduce_scatter"] = CollectiveKind.ReduceScatter,
        ["redsct"] = CollectiveKind.ReduceScatter,
        ["all_gather"] = CollectiveKind.AllGather,
        ["allg"] = CollectiveKind.AllGather,
        ["broadcast"] = CollectiveKind.Broadcast,
        ["bcast"] = CollectiveKind.Broadcast,
    };

    internal static Command Create()
    {
        Argument<string> operation = new("OPERATION") { Description = string.Join(", ", s_operations.Keys), DefaultValueFactory = _ => "all_reduce" };
        Option<long?> ranks = Short(Values.Whole("--nworkers", "Chips in all; by default 8."), "-r");
        Option<long?> nodes = Short(Values.Whole("--nnodes", "UltraServers; by default 1, and on a cluster as many as there are silos to divide over."), "-N");
        Option<long?> from = Short(Values.Bytes("--minbytes", "Smallest size, such as 4KB; by default 32MB."), "-b");
        Option<long?> to = Short(Values.Bytes("--maxbytes", "Largest size; by default the smallest."), "-e");
        Option<long?> factor = Short(Values.Whole("--stepfactor", "From size to size, times this; by default 2."), "-f");
        Option<long?> step = Short(Values.Bytes("--stepbytes", "From size to size, plus this, instead of a factor."), "-i");
        Option<long?> iterations = Short(Values.Whole("--iters", "Iterations that are timed; by default 20."), "-n");
        Option<long?> warmUp = Short(Values.Whole("--warmup_iters", "Iterations before; by default 5."), "-w");
        Option<string?> type = Short(Values.Word("--datatype", "Type of an element on its way; sums are FP32.", "fp32", "bf16"), "-d");
        Option<bool> check = Short(new Option<bool>("--check") { Description = "Check every float of a result, exactly." }, "-c");
        Option<string?> report = Values.Text("--report-to-json-file", "FILE", "Write the results there, as nccom-test does.");
        Command command = new("allreduce", "Measures collectives over emulated chips, in this process or on a cluster.");
        command.Arguments.Add(operation);
        foreach (Option option in new Option[] { ranks, nodes, from, to, factor, step, iterations, warmUp, type, check, report, CommonOptions.Threads, CommonOptions.Json })
        {
            command.Options.Add(option);
        }

        ClusterOptions.AddTo(command);
        command.SetAction(async (result, _) =>
        {
            using StopSignals signals = new();
            if (!s_operations.TryGetValue(result.GetValue(operation)!, out CollectiveKind kind))
            {
                throw new InvalidDescriptionException($"there is no operation {result.GetValue(operation)}; known are {string.Join(", ", s_operations.Keys)}");
            }

            Sweep sweep = new(
                kind, Within("-r", result.GetValue(ranks) ?? 8, 1, MostChips * MostUltraServers),
                result.GetValue(nodes) is { } wanted ? Within("-N", wanted, 1, MostUltraServers) : null, Range(result, from, to, factor, step),
                (int)Within("-n", result.GetValue(iterations) ?? 20, 1, MostIterations), (int)Within("-w", result.GetValue(warmUp) ?? 5, 0, MostIterations),
                result.GetValue(check), result.GetValue(report), result.GetValue(type) == "bf16");
            RunSession.CheckWritable(report.Name, sweep.Report);
            if (ClusterOptions.Of(result) is { } where)
            {
                await using RemoteCluster cluster = await RemoteCluster.ConnectAsync(where, signals.Asked);
                int silos = (await cluster.SilosAsync()).Length;
                return await Measure(cluster.Grains, sweep, sweep.Nodes ?? Enumerable.Range(1, silos).Last(n => sweep.Ranks % n == 0), result.GetValue(CommonOptions.Json), signals);
            }

            using DataAccess data = new();
            await using EmbeddedCluster alone = await EmbeddedCluster.StartAsync(CommonOptions.ThreadsOf(result), data.Loader, signals.Asked);
            return await Measure(alone.Grains, sweep, sweep.Nodes ?? 1, result.GetValue(CommonOptions.Json), signals);
        });
        return command;

        static Option<T> Short<T>(Option<T> option, string name)
        {
            option.Aliases.Add(name);
            return option;
        }
    }

    private static async Task<int> Measure(IGrainFactory grains, Sweep sweep, long nodes, bool json, StopSignals signals)
    {
        if (sweep.Ranks % nodes != 0 || sweep.Ranks / nodes > MostChips)
        {
            throw new InvalidDescriptionException($"-r {sweep.Ranks} chips do not divide over {nodes} UltraServers of up to {MostChips}; take an -r that is a multiple of -N, such as -r {nodes * 4}");
        }

        CollectiveTable table = new(sweep.Kind, (int)sweep.Ranks, sweep.IsBf16, json ? TextWriter.Null : Console.Out);
        foreach (long bytes in sweep.Sizes)
        {
            CollectiveOrder order = new(
                sweep.Kind, (int)nodes, (int)(sweep.Ranks / nodes), bytes / (sweep.IsBf16 ? sizeof(ushort) : sizeof(float)), sweep.Iterations, sweep.WarmUp, sweep.Check, sweep.IsBf16);
            ICollectiveTest test = grains.GetGrain<ICollectiveTest>($"test-{Guid.NewGuid():N}");
            table.Add(bytes, await test.Measure(order, CancellationToken.None).WaitAsync(signals.Asked));
        }

        table.Close();
        JsonObject document = table.ToJson();
        if (json)
        {
            Console.Out.WriteLine(document.ToJsonString(Models.Json.StrictJson.Compact));
        }

        if (sweep.Report is { } path)
        {
            byte[] text = System.Text.Encoding.UTF8.GetBytes(table.ToReport().ToJsonString(Models.Json.StrictJson.Options) + "\n");
            await AtomicFile.WriteAsync(path, stream => stream.WriteAsync(text).AsTask());
        }

        return table.Wrong == 0 ? Failures.Success : throw new RunFailedException($"{table.Wrong} floats of the results are wrong");
    }

    private static List<long> Range(ParseResult result, Option<long?> from, Option<long?> to, Option<long?> factor, Option<long?> step)
    {
        const long Largest = 1L << 32;
        long first = result.GetValue(from) ?? Math.Min(32 << 20, result.GetValue(to) ?? (32 << 20));
        long last = result.GetValue(to) ?? first;
        long times = result.GetValue(factor) ?? 2;
        long plus = result.GetValue(step) ?? 0;
        if (first < sizeof(float) || last < first || last > Largest || first % sizeof(float) != 0 || plus % sizeof(float) != 0)
        {
            throw new InvalidDescriptionException($"sizes from {first} to {last} bytes in steps of {plus} cannot be measured; take multiples of 4 bytes, up to 4 GB, the smallest first");
        }

        if (result.GetValue(step) is null ? times < 2 : plus < sizeof(float))
        {
            throw new InvalidDescriptionException("sizes must grow: -f is at least 2, or -i at least 4 bytes");
        }

        List<long> sizes = [];
        for (long size = first; size <= last; size = plus > 0 ? size + plus : size * times)
        {
            if (sizes.Count == MostSizes)
            {
                throw new InvalidDescriptionException($"that would be more than {MostSizes:N0} sizes; take a larger -i");
            }

            sizes.Add(size);
        }

        return sizes;
    }

    private static long Within(string option, long value, long least, long most) =>
        value >= least && value <= most ? value : throw new InvalidDescriptionException($"{option} is {value}; it must be between {least} and {most}");

    private sealed record Sweep(
        CollectiveKind Kind, long Ranks, long? Nodes, IReadOnlyList<long> Sizes, int Iterations, int WarmUp, bool Check, string? Report, bool IsBf16);
}
