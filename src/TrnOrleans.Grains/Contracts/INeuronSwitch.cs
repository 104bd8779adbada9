namespace TrnOrleans.Grains.Contracts;

/// <summary>The fabric inside one UltraServer: folds its chips' gradients into one, in a tree over the chip index. Key: run/generation/index.</summary>
public interface INeuronSwitch : IGrainWithStringKey
{
    /// <summary>Takes its place in a run.</summary>
    Task Prepare(PrepareOrder order, CancellationToken cancellation);

    /// <summary>Opens a step: from now on its chips' gradients are folded as they become final.</summary>
    /// <exception cref="StaleMessageException">an older generation or step; nothing changed.</exception>
    Task Open(StepTicket ticket, CancellationToken cancellation);

    /// <summary>Messages refused so far.</summary>
    Task<long> StaleMessages(CancellationToken cancellation);

    /// <summary>Leaves its run.</summary>
    Task Close(CancellationToken cancellation);
}
