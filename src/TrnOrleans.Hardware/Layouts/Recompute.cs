namespace TrnOrleans.Hardware.Layouts;

/// <summary>What of the forward pass is computed again in the backward pass instead of being kept.</summary>
public enum Recompute
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The inside of attention: Korthikanti et al. 2022, §5.</summary>
    Selective,

    /// <summary>Every block; only its input is kept.</summary>
    Full,
}
