using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains;

/// <summary>A grain's guard against messages of the past: it knows run and generation, lets theirs through, and counts the others.</summary>
internal sealed class Fence
{
    private string? _run;
    private int _generation;

    /// <summary>Messages refused.</summary>
    internal long Refused { get; private set; }

    /// <summary>Moves to a generation; an older one is refused.</summary>
    internal void Raise(string run, int generation)
    {
        if (_run is not null && (run != _run || generation < _generation))
        {
            throw Refuse($"generation {generation} of run {run}");
        }

        (_run, _generation) = (run, generation);
    }

    /// <summary>Lets a message of this run and generation through.</summary>
    /// <exception cref="StaleMessageException">any other.</exception>
    internal void Check(StepTicket ticket)
    {
        if (ticket.Run != _run || ticket.Generation != _generation)
        {
            throw Refuse($"generation {ticket.Generation} of run {ticket.Run}, step {ticket.Step}");
        }
    }

    /// <summary>Counts a message that is late or doubled in another way.</summary>
    internal StaleMessageException Refuse(string what)
    {
        Refused++;
        return new StaleMessageException($"refused a message of {what}; here is generation {_generation} of run {_run ?? "none"}");
    }
}
