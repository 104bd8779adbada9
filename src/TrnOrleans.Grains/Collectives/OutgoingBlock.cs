using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Collectives;

/// <summary>Something for another silo.</summary>
/// <param name="Silo">Its place in the plan.</param>
/// <param name="Step">The step it belongs to.</param>
/// <param name="Block">A block, or null.</param>
/// <param name="Notice">A notice, or null.</param>
/// <param name="Sent">Called once the other silo has it, or can never have it: the block's memory may change.</param>
public sealed record OutgoingBlock(int Silo, long Step, ExchangeBlock? Block, StepNotice? Notice, Action? Sent);
