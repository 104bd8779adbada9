namespace TrnOrleans.Grains.Contracts;

/// <summary>A bucket of the gradient on its way between silos.</summary>
/// <param name="Bucket">Which bucket.</param>
/// <param name="Level">Of a partial sum: the level of its node in the tree over UltraServers.</param>
/// <param name="Index">Of a partial sum: the node's index on its level.</param>
/// <param name="IsResult">Whether it is the sum over all, on its way back.</param>
/// <param name="Values">The floats.</param>
/// <param name="Hash">XXH3 of the floats' bytes, from before they went anywhere.</param>
[GenerateSerializer, Immutable]
public sealed record ExchangeBlock(
    [property: Id(0)] int Bucket, [property: Id(1)] int Level, [property: Id(2)] int Index, [property: Id(3)] bool IsResult,
    [property: Id(4)] TensorBlock Values, [property: Id(5)] ulong Hash);

/// <summary>What a silo tells the others when all its chips are done with a step.</summary>
/// <param name="Silo">Its place in the plan.</param>
/// <param name="Losses">Sum of the losses of each of its UltraServers, in order.</param>
/// <param name="Next">From the silo of the first UltraServer: what comes after this step.</param>
/// <param name="Delays">Chips of the silo for which all others wait, in modelled time.</param>
[GenerateSerializer, Immutable]
public sealed record StepNotice([property: Id(0)] int Silo, [property: Id(1)] double[] Losses, [property: Id(2)] AfterStep Next, [property: Id(3)] ChipDelay[] Delays);

/// <summary>What comes after a step.</summary>
public enum AfterStep
{
    /// <summary>The next step.</summary>
    Continue,

    /// <summary>The end: somebody asked for it.</summary>
    Stop,

    /// <summary>A new generation, laid out over other silos.</summary>
    Pause,
}
