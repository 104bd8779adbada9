using TrnOrleans.Grains.Collectives;

namespace TrnOrleans.Grains.Contracts;

/// <summary>Measures collectives over emulated chips, with the memory and the links that training uses. Key: any name.</summary>
public interface ICollectiveTest : IGrainWithStringKey
{
    /// <summary>Lays the chips out, runs one size, and gives back all memory.</summary>
    /// <exception cref="RunFailedException">it does not fit in memory, or a silo was lost.</exception>
    [ResponseTimeout("00:15:00")]
    Task<CollectiveResult> Measure(CollectiveOrder order, CancellationToken cancellation);
}

/// <summary>The part of one UltraServer in a measurement. Key: test/1/index.</summary>
public interface ICollectiveServer : IGrainWithStringKey
{
    /// <summary>Takes memory.</summary>
    [ResponseTimeout("00:15:00")]
    Task Prepare(CollectiveOrder order, PlacementPlan plan, int ultraServer, CancellationToken cancellation);

    /// <summary>Runs the warm-up and the iterations.</summary>
    /// <returns>Microseconds of an iteration, on average.</returns>
    [ResponseTimeout("00:15:00")]
    Task<double> Run(CancellationToken cancellation);

    /// <summary>Writes known values; all do, before any checks.</summary>
    [ResponseTimeout("00:15:00")]
    Task Fill(CancellationToken cancellation);

    /// <summary>Runs once with known values.</summary>
    /// <returns>Floats that are not what they must be, bit by bit.</returns>
    [ResponseTimeout("00:15:00")]
    Task<long> Check(CancellationToken cancellation);

    /// <summary>What its silo sent, when it is the first on its silo.</summary>
    Task<IReadOnlyList<LinkTraffic>> Traffic(CancellationToken cancellation);

    /// <summary>A bucket from another silo.</summary>
    Task Exchange(long iteration, ExchangeBlock block, CancellationToken cancellation);

    /// <summary>Another silo's chips are done.</summary>
    Task Notify(long iteration, StepNotice notice, CancellationToken cancellation);

    /// <summary>Gives back memory.</summary>
    Task Close(CancellationToken cancellation);
}

/// <summary>A chip in a measurement: says that its floats are ready. Key: test/1/ultraserver/index.</summary>
public interface ICollectiveChip : IGrainWithStringKey
{
    /// <summary>Its floats of an iteration are there.</summary>
    Task Ready(long iteration, CancellationToken cancellation);
}

/// <summary>What to measure.</summary>
/// <param name="Kind">The operation.</param>
/// <param name="UltraServers">At least one.</param>
/// <param name="Chips">In each UltraServer.</param>
/// <param name="Length">Floats: of each chip's buffer, or of the gathered whole.</param>
/// <param name="Iterations">That are timed.</param>
/// <param name="WarmUp">That are not.</param>
/// <param name="Check">Whether to check the result of one more.</param>
/// <param name="IsBf16">Whether numbers travel in BF16; memory holds floats, and sums are of floats.</param>
[GenerateSerializer, Immutable]
public sealed record CollectiveOrder(
    [property: Id(0)] CollectiveKind Kind, [property: Id(1)] int UltraServers, [property: Id(2)] int Chips, [property: Id(3)] long Length,
    [property: Id(4)] int Iterations, [property: Id(5)] int WarmUp, [property: Id(6)] bool Check, [property: Id(7)] bool IsBf16 = false);

/// <summary>What was measured.</summary>
/// <param name="Microseconds">Of an iteration, on average, on the slowest silo.</param>
/// <param name="Wrong">Floats that were not what they must be; null when nobody checked.</param>
/// <param name="Links">What one iteration sent between silos.</param>
/// <param name="Silos">Silos that took part.</param>
[GenerateSerializer, Immutable]
public sealed record CollectiveResult(
    [property: Id(0)] double Microseconds, [property: Id(1)] long? Wrong, [property: Id(2)] IReadOnlyList<LinkTraffic> Links, [property: Id(3)] int Silos);
