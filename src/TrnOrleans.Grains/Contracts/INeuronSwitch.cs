using Orleans.Concurrency;

namespace TrnOrleans.Grains.Contracts;

/// <summary>The fabric inside one UltraServer: folds its chips' gradients into one, in a tree over the chip index. Key: run/index.</summary>
public interface INeuronSwitch : IGrainWithStringKey
{
    /// <summary>Takes its place in a run.</summary>
    Task Prepare(PrepareOrder order, CancellationToken cancellation);

    /// <summary>A chip's gradient, by the number of its buffer; the buffer is the switch's from now on.</summary>
    /// <exception cref="StaleMessageException">an older generation or step; nothing changed.</exception>
    Task Contribute(StepTicket ticket, int chip, int buffer, CancellationToken cancellation);

    /// <summary>The number of the buffer with the sum over all chips, when it is there; it is the caller's from now on.</summary>
    [ResponseTimeout("00:15:00")]
    Task<int> Reduced(StepTicket ticket, CancellationToken cancellation);

    /// <summary>Messages refused so far.</summary>
    Task<long> StaleMessages(CancellationToken cancellation);

    /// <summary>Leaves its run.</summary>
    Task Close(CancellationToken cancellation);
}
