namespace TrnOrleans.Models.Networks;

/// <summary>Whoever sends a gradient on its way while the backward pass still computes the rest of it.</summary>
public interface IGradientProgress
{
    /// <summary>All floats of the flat gradient from an offset on have their final values; called on the thread that leads the pass.</summary>
    /// <param name="offset">Never larger than in the call before; 0 in the last one.</param>
    void FinalFrom(long offset);
}
