using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Chaos.Injection;

/// <summary>A fault and the call that it meets.</summary>
/// <param name="Rule">What was asked for.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Ticket">Of the call.</param>
/// <param name="At">Where.</param>
/// <param name="Seed">Decides which of many bits it is.</param>
/// <param name="Call">The call itself.</param>
internal sealed record Strike(FaultRule Rule, FaultKind Kind, StepTicket Ticket, FaultPlace At, ulong Seed, IIncomingGrainCallContext Call)
{
    /// <summary>"2/17", as manifests name it.</summary>
    internal string Place => Kind.Site == FaultSite.UltraServer ? $"{At.UltraServer}" : GrainKeys.Place(At.UltraServer, At.Chip, At.Spare);

    internal bool Is(params ReadOnlySpan<FaultKind> kinds) => kinds.Contains(Kind);
}
