using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Recovery;

/// <summary>Stands in a run's own grain: a place at which it can be lost without a silo that dies, and its store fail without a store that fails.</summary>
public class RunPoint
{
    /// <summary>A moment has come.</summary>
    /// <param name="moment">Which.</param>
    /// <param name="ticket">Run, the generation that trained last (when writing: the newest), and the step that comes next.</param>
    /// <param name="options">Of the run.</param>
    /// <exception cref="ConductorLostException">the grain is lost, with all that it has not written.</exception>
    /// <exception cref="OrleansException">the store cannot be reached.</exception>
    public virtual void Reached(RunMoment moment, StepTicket ticket, RunOptions options)
    {
        // Nothing fails by itself.
    }
}
