using System.Text.Json.Nodes;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Output;

/// <summary>One JSON object a line on standard output. Names are a promise: they are not changed or removed.</summary>
internal sealed class JsonView(TextWriter output) : IRunView
{
    private RunFacts? _facts;

    public void Starting(RunFacts facts)
    {
        _facts = facts;
        Write(Start(facts));
    }

    private static JsonObject Start(RunFacts facts) => new()
    {
        ["event"] = "start",
        ["run"] = facts.Id,
        ["parameters"] = facts.Network.Layout.Count,
        ["data_sha256"] = facts.Spec.Data.Sha256,
        ["ultraservers"] = facts.Spec.Cluster.UltraServers,
        ["chips"] = facts.Spec.Cluster.TotalChips,
        ["threads"] = facts.Threads,
        ["steps"] = facts.Spec.Training.Steps,
    };

    public void Show(RunEvent happened)
    {
        switch (happened)
        {
            case StepEvent step:
                Write(new JsonObject
                {
                    ["event"] = "step",
                    ["step"] = step.Step,
                    ["loss"] = step.Loss,
                    ["learning_rate"] = step.LearningRate,
                    ["gradient_norm"] = step.GradientNorm,
                    ["tokens_per_second"] = step.RowsPerSecond,
                });
                break;
            case LayoutEvent layout:
                Write(new JsonObject
                {
                    ["event"] = "layout",
                    ["generation"] = layout.Generation,
                    ["step"] = layout.Step,
                    ["silos"] = new JsonArray([.. layout.Plan.Shares.Select(share => (JsonNode)new JsonObject
                    {
                        ["silo"] = ClusterView.ForPeople(share.Silo),
                        ["first_ultraserver"] = share.First,
                        ["ultraservers"] = share.Count,
                    })]),
                });
                break;
            case RecoveryEvent recovery:
                Write(new JsonObject
                {
                    ["event"] = "recovery",
                    ["step"] = recovery.Step,
                    ["why"] = recovery.Why,
                    ["recomputed_steps"] = recovery.Recomputed,
                    ["recovery_seconds"] = recovery.Seconds,
                });
                break;
            case CheckpointEvent { Report: var report }:
                Write(new JsonObject
                {
                    ["event"] = report.Failure is null ? "checkpoint" : "checkpoint_failed",
                    ["step"] = report.Step,
                    ["folder"] = report.Folder,
                    ["bytes"] = report.Bytes,
                    ["write_seconds"] = report.Seconds,
                    ["why"] = report.Failure,
                });
                break;
            case ValidationEvent validation:
                Write(new JsonObject
                {
                    ["event"] = "validation",
                    ["step"] = validation.Step,
                    ["loss"] = validation.Loss,
                    ["accuracy"] = validation.Accuracy,
                    ["digest"] = validation.Digest,
                });
                break;
        }
    }

    public void Stopping()
    {
        // The end event says it.
    }

    public void Detached(string id) => Write(new JsonObject { ["event"] = "detached", ["run"] = id });

    public void Finished(RunResult result) => Write(End(result, _facts!.Modelled()));

    private static JsonObject End(RunResult result, ExecutedStep modelled) => new()
    {
        ["event"] = "end",
        ["steps"] = result.End.Steps,
        ["stopped"] = result.End.Stopped,
        ["digest"] = result.End.Digest,
        ["loss"] = result.LastStep?.Loss,
        ["validation_loss"] = result.LastValidation?.Loss,
        ["accuracy"] = result.LastValidation?.Accuracy,
        ["tokens_per_second"] = result.End.RowsPerSecond,
        ["wall_seconds"] = result.End.WallSeconds,
        ["peak_memory_bytes"] = result.PeakMemoryBytes,
        ["stale_messages"] = result.End.StaleMessages,
        ["generations"] = result.End.Generations,
        ["links"] = new JsonArray([.. result.End.Links.Select(link => (JsonNode)new JsonObject
        {
            ["from"] = ClusterView.ForPeople(link.From),
            ["to"] = ClusterView.ForPeople(link.To),
            ["blocks"] = link.Blocks,
            ["bytes"] = link.Bytes,
        })]),
        ["modelled_step_seconds"] = modelled.Seconds,
        ["modelled_energy_joules"] = modelled.EnergyJoules,
        ["mfu"] = modelled.Mfu,
        ["saved"] = result.SavedTo,
    };

    /// <summary>Anything that ends the command; the sentence goes to the error stream as well.</summary>
    internal void Failed(string message) => Write(new JsonObject { ["event"] = "failed", ["message"] = message });

    private void Write(JsonObject line)
    {
        output.WriteLine(line.ToJsonString(StrictJson.Compact));
        output.Flush();
    }
}
