using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn plan`: what a training step would take on a machine, and which layout takes least.</summary>
internal static class PlanCommand
{
    private const ulong Seed = 1;

    // Longer times are like this one.
    private const double MostDaysPlayed = 365;

    internal static Command Create()
    {
        PlanOptions options = new();
        Command command = new("plan", "Says what a training step would take on a modelled machine, in which layout; nothing is executed.");
        options.AddTo(command);
        command.SetAction(async (result, cancellation) =>
        {
            PlanRequest request = options.Read(result);
            if (request.PlotTo is { } plot)
            {
                RunSession.CheckWritable("--plot", plot);
            }

            JsonObject document = request.Sweep is null ? One(request) : Sweep(request);
            if (request.PlotTo is { } file && document["svg"]?.GetValue<string>() is { } svg)
            {
                await File.WriteAllTextAsync(file, svg, cancellation);
                if (!request.Json)
                {
                    Console.Out.WriteLine($"The plot is in {file}.");
                }
            }

            if (request.Json)
            {
                Console.Out.WriteLine(document.ToJsonString(StrictJson.Compact));
            }

            return Failures.Success;
        });
        return command;
    }

    private static JsonObject One(PlanRequest request)
    {
        Machine machine = Machine.Of(request.Catalogue, request.System, request.Systems, request.Fabric, request.Stack);
        SearchResult found = LayoutSearch.Run(machine, request.Recipe, request.Work, request.Batch, request.Choices);
        if (found.Best.Count == 0)
        {
            Plan smallest = found.Smallest;
            double lacks = smallest.Cost.Memory.Total - smallest.Cost.MemoryBytes;
            throw new RunFailedException(
                $"{request.ModelName} does not fit on {machine.Systems:N0} × {machine.System.Name}: the layout that needs least, {smallest.Layout}, needs {PlanText.Bytes(smallest.Cost.Memory.Total)} a chip"
                + $" and there are {PlanText.Bytes(smallest.Cost.MemoryBytes)}, short by {PlanText.Bytes(lacks)}");
        }

        Plan best = found.Best[0];
        JsonObject document = PlanText.Json(request, machine, best);
        document["evaluated_layouts"] = found.Evaluated;
        if (request.IsSearch)
        {
            document["best"] = new JsonArray([.. found.Best.Select(p => (JsonNode)PlanText.Short(p))]);
            document["pareto_front"] = new JsonArray([.. found.Front.Select(p => (JsonNode)PlanText.Short(p))]);
        }

        if (!request.Json)
        {
            PlanText.Write(request, machine, best);
            if (request.IsSearch)
            {
                PlanText.WriteSearch(found);
            }
        }

        if (request.Tokens is not null || request.Days is not null)
        {
            document["training"] = Training(request, machine, best);
        }

        return document;
    }

    /// <summary>Time to train so many tokens, or tokens in so many days; with failures, how much of it counts.</summary>
    private static JsonObject Training(PlanRequest request, Machine machine, Plan plan)
    {
        double perSecond = plan.Cost.Tokens / plan.Cost.Seconds;
        FailureOutcome? outcome = null;
        if (request.HasFaults)
        {
            double state = plan.Cost.Memory.Weights + plan.Cost.Memory.States;
            // Each chip copies what it has, and writes it.
            FailureFigures figures = new(FailureFigures.Llama3ChipHours, FailureFigures.AssumedRestartSeconds, state / FailureFigures.SnapshotBytesPerSecond, state / FailureFigures.StoreBytesPerSecond);
            double wanted = request.Days ?? (request.Tokens!.Value / perSecond / 86400);
            double span = Math.Clamp(wanted, 1, MostDaysPlayed);
            outcome = new FailureSimulation(figures, machine.Chips, Seed).Best(span * 86400);
            double took = request.Days ?? (wanted / outcome.Goodput);
            outcome = outcome with { Failures = (long)(outcome.Failures * took / span) };
        }

        double goodput = outcome?.Goodput ?? 1;
        double days = request.Days ?? request.Tokens!.Value / (perSecond * goodput) / 86400;
        double tokens = request.Tokens ?? days * 86400 * perSecond * goodput;
        if (!request.Json)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {PlanText.Number(tokens)} tokens in {days:G4} days"));
            if (outcome is not null)
            {
                Console.Out.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  with failures as in Llama 3's training ({outcome.Failures:N0} of them): goodput {100 * goodput:F1} % at a checkpoint every {outcome.CheckpointSeconds:G3} s of training; restart {FailureFigures.AssumedRestartSeconds:F0} s (assumed)"));
            }
        }

        return new JsonObject
        {
            ["tokens"] = tokens,
            ["days"] = days,
            ["goodput"] = goodput,
            ["failures"] = outcome?.Failures,
            ["best_checkpoint_seconds"] = outcome?.CheckpointSeconds,
            ["energy_megawatt_hours"] = plan.Cost.EnergyJoules / plan.Cost.Seconds * days * 86400 / 3.6e9,
            ["dollars"] = plan.Cost.Dollars / plan.Cost.Seconds * days * 86400,
        };
    }

    private static JsonObject Sweep(PlanRequest request)
    {
        (long from, long to) = request.Sweep!.Value;
        IReadOnlyList<ScalingPoint> points = Scaling.Run(
            request.Catalogue, request.System, request.Fabric, request.Stack, request.Recipe, request.Work, from, to,
            systems => request.IsStrong ? request.Batch : checked(request.Batch * systems), request.Choices);
        if (points.All(p => p.Best is null))
        {
            throw new RunFailedException($"{request.ModelName} fits on none of these clusters in any layout that multiplies out; `trn plan` of one of them says why");
        }

        string standing = PlanText.Expectation(Machine.Of(request.Catalogue, request.System, 1, request.Fabric, request.Stack));
        if (!request.Json)
        {
            PlanText.WriteSweep(request, points, standing);
        }

        ScalingPoint[] fitting = [.. points.Where(p => p.Best is not null)];
        string svg = LinePlot.Draw(
            $"{request.ModelName} on {request.System}, {request.Recipe.Name}", $"modelled; {standing}", "chips", "tokens/s",
            [
                new PlotLine("best layout", [.. fitting.Select(p => ((double)p.Chips, p.Best!.Cost.Tokens / p.Best.Cost.Seconds))]),
                new PlotLine("as the smallest, per chip", [.. fitting.Select(p => ((double)p.Chips, fitting[0].Best!.Cost.Tokens / fitting[0].Best!.Cost.Seconds / fitting[0].Chips * p.Chips))]),
            ]);
        return new JsonObject
        {
            ["model"] = request.ModelName,
            ["system"] = request.System,
            ["points"] = new JsonArray([.. points.Select(p => (JsonNode)new JsonObject
            {
                ["chips"] = p.Chips,
                ["batch"] = p.Batch,
                ["plan"] = p.Best is null ? null : PlanText.Short(p.Best),
            })]),
            ["expectation"] = standing,
            ["svg"] = svg,
        };
    }
}
