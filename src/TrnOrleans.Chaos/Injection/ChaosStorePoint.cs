using System.Collections.Concurrent;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Recovery;

namespace TrnOrleans.Chaos.Injection;

/// <summary>Lets the store fail when a run writes its record. Of the writes in a step each is an attempt of its own.</summary>
/// <param name="runs">Which runs have a manifest.</param>
/// <param name="journals">Accounts for every fault, before it takes effect.</param>
public sealed class ChaosStorePoint(ChaosRuns runs, RunJournals journals) : StorePoint
{
    private readonly ConcurrentDictionary<string, (long Step, int Writes)> _writes = new(StringComparer.Ordinal);

    /// <exception cref="OrleansException">a fault strikes.</exception>
    public override void BeforeWrite(StepTicket ticket)
    {
        if (ticket.Generation == 0 || runs.Find(ticket.Run) is not { } schedule)
        {
            return;
        }

        (long Step, int Writes) now = _writes.AddOrUpdate(ticket.Run, (ticket.Step, 0), (_, last) => last.Step == ticket.Step ? (last.Step, last.Writes + 1) : (ticket.Step, 0));
        FaultPlace anywhere = new(0, 0);
        if (schedule.Strikes(FaultSite.Store, anywhere, ticket.Step, now.Writes) is { } rule)
        {
            if (schedule.IsJournaled)
            {
                journals.Write(ticket.Run, new FaultInjected(rule.Kind, "store", ticket.Generation, ticket.Step, now.Writes));
            }

            throw new OrleansException("the store cannot be reached (chaos)");
        }
    }
}
