namespace TrnOrleans.Numerics.Memory;

/// <summary>Scratch memory of the calling thread, grown to the largest size asked for and then kept: no allocation in steady state.</summary>
/// <remarks>
/// Each slot is one buffer: a kernel that calls another kernel must not share a slot with it. The contents are whatever the last user left.
/// </remarks>
internal static unsafe class ThreadScratch
{
    [ThreadStatic]
    private static AlignedBuffer?[]? t_slots;

    /// <summary>Who uses which buffer; nesting kernels use different slots.</summary>
    internal enum Slot
    {
        PackedColumns,
        EdgeTile,
        PackedRows,
        Attention,
        Partials,
        LeftOperand,
        RightOperand,
        Count,
    }

    /// <summary>At least <paramref name="length"/> floats, aligned to 64 bytes, valid until the thread asks for the slot again.</summary>
    internal static float* Rent(Slot slot, long length)
    {
        AlignedBuffer?[] slots = t_slots ??= new AlignedBuffer?[(int)Slot.Count];
        AlignedBuffer? buffer = slots[(int)slot];
        if (buffer is null || buffer.Length < length)
        {
            buffer?.Dispose();
            slots[(int)slot] = null;
            slots[(int)slot] = buffer = new AlignedBuffer(length);
        }

        return buffer.Pointer;
    }
}
