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

    /// <summary>A bucket of the gradient from another silo, for all UltraServers of this one; late and doubled ones are dropped and counted.</summary>
    /// <exception cref="StaleMessageException">another generation; nothing changed.</exception>
    [ResponseTimeout("00:15:00")]
    Task Exchange(StepTicket ticket, ExchangeBlock block, CancellationToken cancellation);

    /// <summary>Another silo's chips are done with a step.</summary>
    /// <exception cref="StaleMessageException">another generation; nothing changed.</exception>
    [ResponseTimeout("00:15:00")]
    Task Notify(StepTicket ticket, StepNotice notice, CancellationToken cancellation);
}
