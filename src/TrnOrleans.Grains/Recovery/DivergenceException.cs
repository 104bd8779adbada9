namespace TrnOrleans.Grains.Recovery;

/// <summary>A number that is none: a fault, or the training itself. Whether it comes again when the step is computed again decides.</summary>
internal sealed class DivergenceException(string message) : Exception(message);
