using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Recovery;

/// <summary>Stands where a run writes its record: a place at which a store can fail without a store that fails.</summary>
public class StorePoint
{
    /// <summary>About to write; throws what the store would throw.</summary>
    /// <param name="ticket">Run, generation, and the step that comes next.</param>
    public virtual void BeforeWrite(StepTicket ticket)
    {
        // A store that is there.
    }
}
