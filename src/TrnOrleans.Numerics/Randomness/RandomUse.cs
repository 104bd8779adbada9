namespace TrnOrleans.Numerics.Randomness;

/// <summary>What a random number is for. Two uses never share a number; a value once given is never given another meaning, or old runs change.</summary>
public enum RandomUse : ushort
{
    Initialization = 1,
    Batch = 2,
    Dropout = 3,
    Sampling = 4,
    Shuffle = 5,
    Fault = 6,
    Rounding = 7,
}
