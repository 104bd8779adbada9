using System.Collections.Concurrent;
using System.Text.Json;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Recovery;

namespace TrnOrleans.Chaos.Injection;

/// <summary>Lets the store fail when a run writes its record, and its own grain be lost. Of one moment in one step each time is an attempt of its own.</summary>
/// <param name="runs">Which runs have a manifest.</param>
/// <param name="journals">Accounts for every fault, before it takes effect.</param>
public sealed class ChaosRunPoint(ChaosRuns runs, RunJournals journals) : RunPoint
{
    private readonly ConcurrentDictionary<(string Run, RunMoment Moment), (long Step, int Times)> _reached = [];

    public override void Reached(RunMoment moment, StepTicket ticket, RunOptions options)
    {
        runs.Learn(ticket.Run, options.Chaos, options.Journals);
        if ((moment == RunMoment.Writing && ticket.Generation == 0) || runs.Find(ticket.Run) is not { } schedule)
        {
            // A run whose record was never written is none.
            return;
        }

        (long Step, int Times) now = _reached.AddOrUpdate(
            (ticket.Run, moment), (ticket.Step, 0), (_, last) => last.Step == ticket.Step ? (last.Step, last.Times + 1) : (ticket.Step, 0));
        FaultSite site = moment == RunMoment.Writing ? FaultSite.Store : FaultSite.Conductor;

        // The moment stands where a chip's number does: each has chances of its own.
        FaultPlace place = new(0, (int)moment);
        if (schedule.Strikes(site, place, ticket.Step, now.Times) is { } rule)
        {
            if (schedule.IsJournaled)
            {
                string name = site == FaultSite.Store ? "store" : JsonNamingPolicy.SnakeCaseLower.ConvertName(moment.ToString());
                journals.Write(ticket.Run, new FaultInjected(rule.Kind, name, ticket.Generation, ticket.Step, now.Times));
            }

            throw site == FaultSite.Store ? new OrleansException("the store cannot be reached (chaos)") : new ConductorLostException($"the run's own grain is lost when {moment} (chaos)");
        }
    }
}
