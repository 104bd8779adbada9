using Orleans.Concurrency;

namespace TrnOrleans.Grains.Contracts;

/// <summary>A scale-up domain with one replica: drives its chips step by step and meets the others in the all-reduce. Key: run/generation/index.</summary>
public interface IUltraServer : IGrainWithStringKey
{
    /// <summary>Builds the replica, its switch and its chips.</summary>
    [ResponseTimeout("00:15:00")]
    Task Prepare(PrepareOrder order, CancellationToken cancellation);

    /// <summary>Starts the loop and returns.</summary>
    Task Train(StepTicket first, CancellationToken cancellation);

    /// <summary>Says what comes after the step in flight; only the first UltraServer is asked, the others learn it in the all-reduce.</summary>
    Task Ask(StepTicket ticket, AfterStep next, CancellationToken cancellation);

    /// <summary>Gives up the loop now; the replica stays as it is.</summary>
    Task Abort(StepTicket ticket, CancellationToken cancellation);

    /// <summary>A bucket of the gradient from another silo, for all UltraServers of this one; late and doubled ones are dropped and counted.</summary>
    /// <exception cref="StaleMessageException">another generation; nothing changed.</exception>
    [ResponseTimeout("00:15:00")]
    Task Exchange(StepTicket ticket, ExchangeBlock block, CancellationToken cancellation);

    /// <summary>Another silo's chips are done with a step.</summary>
    /// <exception cref="StaleMessageException">another generation; nothing changed.</exception>
    [ResponseTimeout("00:15:00")]
    Task Notify(StepTicket ticket, StepNotice notice, CancellationToken cancellation);

    /// <summary>Floats of the replica, for a copy of it.</summary>
    /// <param name="ticket">The generation of this UltraServer, and the step at which the replica must stand.</param>
    /// <param name="part">0 for the weights, then the optimizer states.</param>
    /// <param name="offset">First float.</param>
    /// <param name="length">Floats.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="StaleMessageException">the replica stands at another step, or is gone.</exception>
    [ResponseTimeout("00:02:00")]
    Task<TensorBlock> ReadReplica(StepTicket ticket, int part, long offset, int length, CancellationToken cancellation);

    /// <summary>Floats of the replica's flat weights.</summary>
    Task<TensorBlock> ReadWeights(long offset, int length, CancellationToken cancellation);

    /// <summary>The characters that the tokens stand for, in order, or null.</summary>
    Task<IReadOnlyList<string>?> Vocabulary(CancellationToken cancellation);

    /// <summary>Gives back the replica's memory.</summary>
    [ResponseTimeout("00:02:00")]
    Task Close(CancellationToken cancellation);

    /// <summary>Its generation will not begin: what it has taken over goes back to the one before.</summary>
    [ResponseTimeout("00:02:00")]
    Task Abandon(CancellationToken cancellation);
}
