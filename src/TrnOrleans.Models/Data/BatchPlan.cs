namespace TrnOrleans.Models.Data;

/// <summary>In which order training samples come.</summary>
public enum SampleOrder
{
    /// <summary>Text: windows that start anywhere. Images: every epoch in an order of its own, each sample once.</summary>
    Random,

    /// <summary>Text: row b of step s starts at (s·B·T + b·T) mod (N − T − 1). Images: in file order, round and round.</summary>
    Sequential,
}

/// <summary>What decides the batches of a run, beside the data.</summary>
/// <param name="Order">Order of samples.</param>
/// <param name="Seed">Of the run.</param>
/// <param name="Batch">Samples of the global batch.</param>
public sealed record BatchPlan(SampleOrder Order, ulong Seed, int Batch);
