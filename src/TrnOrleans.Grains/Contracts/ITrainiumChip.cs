namespace TrnOrleans.Grains.Contracts;

/// <summary>One emulated accelerator: computes the gradient of its micro-batch, and owns a shard of the weights. Key: run/generation/ultraserver/index.</summary>
public interface ITrainiumChip : IGrainWithStringKey
{
    /// <summary>Takes its place in a run.</summary>
    Task Prepare(PrepareOrder order, int chip, CancellationToken cancellation);

    /// <summary>Forward and backward of its micro-batch of a step; the gradient goes to the switch, bucket by bucket.</summary>
    /// <param name="ticket">Which step.</param>
    /// <param name="buffer">Number of the buffer for the gradient.</param>
    /// <param name="cancellation">Gives up before the kernel starts.</param>
    /// <returns>Loss, and hash if it is to be verified; the same when asked again, without computing it again.</returns>
    /// <exception cref="StaleMessageException">an older generation or step; nothing changed.</exception>
    [ResponseTimeout("00:15:00")]
    Task<GradientReport> ComputeGradient(StepTicket ticket, int buffer, CancellationToken cancellation);

    /// <summary>Computes the micro-batch of another chip of its UltraServer, to compare; the gradient goes nowhere.</summary>
    /// <param name="ticket">Which step.</param>
    /// <param name="chip">Whose micro-batch.</param>
    /// <param name="buffer">Number of the buffer for the gradient.</param>
    /// <param name="cancellation">Gives up before the kernel starts.</param>
    /// <exception cref="StaleMessageException">an older generation; nothing changed.</exception>
    [ResponseTimeout("00:15:00")]
    Task<GradientReport> Recompute(StepTicket ticket, int chip, int buffer, CancellationToken cancellation);

    /// <summary>Updates its shard with the reduced gradient.</summary>
    /// <param name="ticket">Which step; each is applied once, however often it is asked for.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="gradientScale">From clipping and scaling; NaN for a step that is no update.</param>
    /// <returns>Of the shard with the step in it, when the run is journaled or verified; else zero.</returns>
    /// <param name="cancellation">Not heeded: an update that is broken off would leave half a replica.</param>
    [ResponseTimeout("00:15:00")]
    Task<ShardDigest> Apply(StepTicket ticket, double learningRate, float gradientScale, CancellationToken cancellation);

    /// <summary>Losses of a range of validation samples.</summary>
    [ResponseTimeout("00:15:00")]
    Task<EvaluationPart> Evaluate(StepTicket ticket, long first, long count, CancellationToken cancellation);

    /// <summary>Hash of its shard of weights and optimizer state.</summary>
    [ResponseTimeout("00:15:00")]
    Task<ShardDigest> Digest(StepTicket ticket, CancellationToken cancellation);

    /// <summary>Leaves its run.</summary>
    Task Close(CancellationToken cancellation);
}

/// <summary>128 bits that stand for a shard.</summary>
/// <param name="High">Upper half.</param>
/// <param name="Low">Lower half.</param>
[GenerateSerializer, Immutable]
public readonly record struct ShardDigest([property: Id(0)] ulong High, [property: Id(1)] ulong Low);
