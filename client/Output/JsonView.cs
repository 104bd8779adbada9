using System.Text.Json;
using System.Text.Json.Nodes;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Hardware.Clocks;
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
        ["precision"] = JsonSerializer.SerializeToNode(facts.Spec.Precision, StrictJson.Compact),
        ["data_sha256"] = facts.Spec.Data.Sha256,
        ["ultraservers"] = facts.Spec.Cluster.UltraServers,
        ["chips"] = facts.Spec.Cluster.TotalChips,
        ["threads"] = facts.Threads,
        ["steps"] = facts.Spec.Training.Steps,
    };

    public void Show(RunEvent happened, RunClock clock)
    {
        switch (happened)
        {
            case StepEvent step:
                JsonObject line = new()
                {
                    ["event"] = "step",
                    ["step"] = step.Step,
                    ["loss"] = step.Loss,
                    ["learning_rate"] = step.LearningRate,
                    ["gradient_norm"] = step.GradientNorm,
                    ["tokens_per_second"] = step.RowsPerSecond,
                    ["modelled_step_seconds"] = clock.Last.Seconds,
                    ["modelled_seconds"] = clock.Seconds,
                    ["modelled_energy_joules"] = clock.Last.EnergyJoules,
                    ["mfu"] = clock.Last.Mfu,
                };
                if (step.LossScale != 0)
                {
                    line["loss_scale"] = step.LossScale;
                    line["skipped"] = step.IsSkipped;
                }

                Write(line);
                break;
            case NumericsEvent numerics:
                Write(new JsonObject
                {
                    ["event"] = "numerics",
                    ["step"] = numerics.Step,
                    ["tensors"] = new JsonArray([.. numerics.Tensors.Select(t => (JsonNode)new JsonObject
                    {
                        ["layer"] = t.Layer,
                        ["tensor"] = t.Tensor,
                        ["format"] = t.Format,
                        ["saturated_share"] = t.SaturatedShare,
                        ["flushed_share"] = t.FlushedShare,
                        ["largest"] = Finite(t.Largest),
                        ["sqnr_decibels"] = Finite(t.SqnrDecibels),
                    })]),
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
                    ["modelled_seconds"] = clock.Seconds,
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
                    ["modelled_seconds"] = clock.Seconds,
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
                    ["modelled_seconds"] = clock.Seconds,
                });
                break;
        }
    }

    /// <summary>JSON has neither Inf nor NaN.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    public void Stopping()
    {
        // The end event says it.
    }

    public void Detached(string id) => Write(new JsonObject { ["event"] = "detached", ["run"] = id });

    public void Finished(RunResult result) => Write(End(result, result.Modelled.Clock));

    private static JsonObject End(RunResult result, RunClock clock) => new()
    {
        ["event"] = "end",
        ["steps"] = result.End.Steps,
        ["stopped"] = result.End.Stopped,
        ["digest"] = result.End.Digest,
        ["loss"] = result.LastStep?.Loss,
        ["validation_loss"] = result.LastValidation?.Loss,
        ["accuracy"] = result.LastValidation?.Accuracy,
        ["precision"] = result.Precision.Name,
        ["skipped_steps"] = result.SkippedSteps,
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
        ["modelled_system"] = result.Modelled.System,
        ["modelled_seconds"] = clock.Seconds,
        ["modelled_step_seconds"] = clock.Steps == 0 ? clock.Undisturbed.Seconds : clock.StepSeconds / clock.Steps,
        ["modelled_compute_seconds"] = clock.ComputeSeconds,
        ["modelled_communication_seconds"] = clock.CommunicationSeconds,
        ["modelled_idle_seconds"] = clock.IdleSeconds,
        ["modelled_validation_seconds"] = clock.ValidationSeconds,
        ["modelled_checkpoint_seconds"] = clock.CheckpointSeconds,
        ["modelled_recovery_seconds"] = clock.RecoverySeconds,
        ["modelled_goodput"] = clock.Goodput,
        ["modelled_energy_joules"] = clock.EnergyJoules,
        ["mfu"] = clock.Mfu,
        ["counted"] = Work(result.End.Work.Steps, result.End.Work.Flops, result.End.Work.ScaleUpBytes, result.End.Work.ScaleOutBytes),
        ["modelled"] = Work(
            result.End.Work.Steps, result.End.Work.Steps * clock.Undisturbed.ExecutedFlops, result.End.Work.Steps * clock.Undisturbed.ScaleUpBytes,
            result.End.Work.Steps * clock.Undisturbed.ScaleOutBytes),
        ["trace"] = result.Modelled.TracePath,
        ["saved"] = result.SavedTo,
    };

    /// <summary>What was counted in some steps, or what the model says of as many.</summary>
    private static JsonObject Work(long steps, long flops, long scaleUp, long scaleOut) => new()
    {
        ["steps"] = steps,
        ["flop"] = flops,
        ["scale_up_bytes"] = scaleUp,
        ["scale_out_bytes"] = scaleOut,
    };

    /// <summary>Anything that ends the command; the sentence goes to the error stream as well.</summary>
    internal void Failed(string message) => Write(new JsonObject { ["event"] = "failed", ["message"] = message });

    private void Write(JsonObject line)
    {
        output.WriteLine(line.ToJsonString(StrictJson.Compact));
        output.Flush();
    }
}
