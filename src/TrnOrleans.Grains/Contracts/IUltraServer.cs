using Orleans.Concurrency;

namespace TrnOrleans.Grains.Contracts;

/// <summary>A scale-up domain with one replica: drives its chips step by step and meets the others in the all-reduce. Key: run/index.</summary>
public interface IUltraServer : IGrainWithStringKey
{
    /// <summary>Builds the replica, its switch and its chips.</summary>
    [ResponseTimeout("00:15:00")]
    Task Prepare(PrepareOrder order, CancellationToken cancellation);

    /// <summary>Starts the loop and returns.</summary>
    Task Train(StepTicket first, CancellationToken cancellation);

    /// <summary>Asks for an end at the next step boundary; only the first UltraServer is asked, the others learn it in the all-reduce.</summary>
    Task Stop(StepTicket ticket, CancellationToken cancellation);

    /// <summary>Gives up the loop now; the replica stays as it is.</summary>
    Task Abort(StepTicket ticket, CancellationToken cancellation);

    /// <summary>A block of another UltraServer's gradient; returns when it is no longer needed.</summary>
    [ResponseTimeout("00:15:00")]
    Task Exchange(StepTicket ticket, ExchangeBlock block, CancellationToken cancellation);

    /// <summary>Floats of the replica's flat weights.</summary>
    Task<TensorBlock> ReadWeights(long offset, int length, CancellationToken cancellation);

    /// <summary>Gives back the replica's memory.</summary>
    Task Close(CancellationToken cancellation);
}

/// <summary>A block of the all-reduce between UltraServers.</summary>
/// <param name="From">Who sends it.</param>
/// <param name="Bucket">Which block of the gradient.</param>
/// <param name="Down">Whether it is the result on its way back, not a part on its way to the sum.</param>
/// <param name="LossSum">Of the samples behind it.</param>
/// <param name="StopAfter">On the way down: this step is the last.</param>
/// <param name="Values">The floats.</param>
[GenerateSerializer, Immutable]
public sealed record ExchangeBlock(
    [property: Id(0)] int From, [property: Id(1)] int Bucket, [property: Id(2)] bool Down, [property: Id(3)] double LossSum,
    [property: Id(4)] bool StopAfter, [property: Id(5)] TensorBlock Values);
