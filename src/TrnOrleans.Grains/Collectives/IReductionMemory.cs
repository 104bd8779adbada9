using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Collectives;

/// <summary>The gradient buffers of one UltraServer, which its own chips and those of its neighbours on the silo fold into each other.</summary>
public interface IReductionMemory
{
    /// <summary>The floats of a rented buffer.</summary>
    AlignedBuffer Gradient(int buffer);

    /// <summary>Keeps the memory from going away until <see cref="Leave"/>.</summary>
    /// <exception cref="ObjectDisposedException">it has been given up.</exception>
    void Enter();

    /// <summary>Ends what <see cref="Enter"/> began.</summary>
    void Leave();

    /// <summary>A buffer is free again.</summary>
    void Return(int buffer);
}
