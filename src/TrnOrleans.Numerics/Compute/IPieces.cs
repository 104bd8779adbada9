namespace TrnOrleans.Numerics.Compute;

/// <summary>Work cut in pieces that may run in any order and on any thread. What a piece computes must depend on its index alone.</summary>
public interface IPieces
{
    /// <summary>Computes one piece; pieces never write the same memory.</summary>
    void Run(int piece);
}
