using CsCheck;

namespace TrnOrleans.Hardware.Tests;

/// <summary>Random choices.</summary>
internal static class Choice
{
    /// <summary>One of these.</summary>
    internal static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
