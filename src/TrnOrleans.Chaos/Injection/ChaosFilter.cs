using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Replicas;

namespace TrnOrleans.Chaos.Injection;

/// <summary>Stands before the calls of chips, switches and links of runs that have a manifest, and lets its faults strike.</summary>
/// <param name="runs">Which runs have one.</param>
/// <param name="replicas">Memory that can be lost.</param>
/// <param name="journals">Accounts for every fault, before it takes effect.</param>
/// <param name="grains">To reach grains that are to go.</param>
/// <param name="time">For what takes long.</param>
public sealed class ChaosFilter(ChaosRuns runs, ReplicaStore replicas, RunJournals journals, IGrainFactory grains, TimeProvider time) : IIncomingGrainCallFilter
{
    private readonly ChaosPipeline _pipeline = new(replicas, grains, time);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (Site(context) is { } site && context.Request.GetArgument(0) is StepTicket ticket && runs.Find(ticket.Run) is { } schedule
            && Find(context, site, ticket, schedule) is { } strike)
        {
            if (schedule.IsJournaled)
            {
                journals.Write(ticket.Run, new FaultInjected(strike.Kind.Name, strike.Place, ticket.Generation, ticket.Step, ticket.Attempt));
            }

            await _pipeline.RunAsync(strike, Token(context));
            return;
        }

        if (context.InterfaceMethod.Name == nameof(IUltraServer.Prepare) && context.Request.GetArgument(0) is PrepareOrder order)
        {
            runs.Learn(order.Run, order.Options.Chaos, order.Options.Journals);
        }

        await context.Invoke();
    }

    private static FaultSite? Site(IIncomingGrainCallContext context) => context.InterfaceMethod.Name switch
    {
        nameof(ITrainiumChip.ComputeGradient) or nameof(ITrainiumChip.Recompute) => FaultSite.Chip,
        nameof(INeuronSwitch.Open) => FaultSite.UltraServer,
        nameof(IUltraServer.Exchange) when context.Grain is IUltraServer => FaultSite.Link,
        _ => null,
    };

    private Strike? Find(IIncomingGrainCallContext context, FaultSite site, StepTicket ticket, FaultSchedule schedule)
    {
        // "run/generation/ultraserver" or "run/generation/ultraserver/chip".
        string[] key = context.TargetId.Key.ToString()!.Split('/');
        int ultraServer = int.Parse(key[2], System.Globalization.CultureInfo.InvariantCulture);
        string[] place = key.Length > 3 ? key[3].Split('+') : [];
        int spare = place.Length > 1 ? int.Parse(place[1], System.Globalization.CultureInfo.InvariantCulture) : 0;
        int chip = place.Length > 0 ? int.Parse(place[0], System.Globalization.CultureInfo.InvariantCulture)
            : context.Request.GetArgument(1) is ExchangeBlock block ? (2 * block.Bucket) + (block.IsResult ? 1 : 0) : 0;

        // Whoever is only a witness does nothing but compute.
        FaultKind? only = context.InterfaceMethod.Name == nameof(ITrainiumChip.Recompute) ? FaultKinds.ComputeFlip : null;
        return schedule.Strikes(site, new FaultPlace(ultraServer, chip, spare), ticket.Step, ticket.Attempt, only) is { } rule && FaultKinds.Find(rule.Kind) is { } kind
            && (!kind.NeedsPermission || runs.AllowsKill)
            ? new Strike(rule, kind, ticket, new FaultPlace(ultraServer, chip, spare), schedule.Seed, context)
            : null;
    }

    private static CancellationToken Token(IIncomingGrainCallContext context)
    {
        int last = context.Request.GetArgumentCount() - 1;
        return context.Request.GetArgument(last) is CancellationToken token ? token : CancellationToken.None;
    }
}
