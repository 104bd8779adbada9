using System.Text.Json.Nodes;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;

namespace TrnOrleans.Client.Output;

/// <summary>How a run stands, as JSON. Names are a promise.</summary>
internal static class RunJson
{
    internal static JsonObject Of(RunStatus run) => new()
    {
        ["run"] = run.Id,
        ["state"] = run.State.ToString().ToLowerInvariant(),
        ["model"] = run.Model,
        ["ultraservers"] = run.UltraServers,
        ["chips"] = run.UltraServers * run.Chips,
        ["steps"] = run.Steps,
        ["total_steps"] = run.TotalSteps,
        ["loss"] = run.Loss,
        ["started"] = run.Started.UtcDateTime,
        ["generation"] = run.Generation,
        ["silos"] = new JsonArray([.. (run.Plan?.Shares ?? []).Select(share => (JsonNode)ClusterView.ForPeople(share.Silo))]),
        ["digest"] = run.Digest,
        ["error"] = run.Error,
    };
}
