using System.Diagnostics;
using Orleans.Core.Internal;
using Polly;
using Polly.Simmy;
using Polly.Simmy.Behavior;
using Polly.Simmy.Fault;
using Polly.Simmy.Latency;
using Polly.Simmy.Outcomes;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Verification;
using TrnOrleans.Hardware;

namespace TrnOrleans.Chaos.Injection;

/// <summary>What the kinds of faults do to a call, by Polly's chaos strategies; whether one strikes is decided before, and comes with the context.</summary>
internal sealed class ChaosPipeline
{
    // Polly takes less than nothing for no latency; whoever waits gives up long before.
    private static readonly TimeSpan s_forEver = TimeSpan.FromHours(1);

    private static readonly ResiliencePropertyKey<Strike> s_strike = new("strike");
    private readonly ReplicaStore _replicas;
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline<object?> _pipeline;

    internal ChaosPipeline(ReplicaStore replicas, IGrainFactory grains, TimeProvider time)
    {
        (_replicas, _grains, _time) = (replicas, grains, time);
        _pipeline = new ResiliencePipelineBuilder<object?> { TimeProvider = time }
            .AddChaosBehavior(new ChaosBehaviorStrategyOptions
            {
                InjectionRate = 1,
                EnabledGenerator = a => Enabled(a.Context, FaultKinds.SiloKill, FaultKinds.HbmError, FaultKinds.Deactivate, FaultKinds.WireFlip, FaultKinds.ComputeFlip, FaultKinds.ShardFlip,
                    FaultKinds.UltraServerLost),
                BehaviorGenerator = a =>
                {
                    Behave(Of(a.Context));
                    return ValueTask.CompletedTask;
                },
            })
            .AddChaosLatency(new ChaosLatencyStrategyOptions
            {
                InjectionRate = 1,
                EnabledGenerator = a => Enabled(a.Context, FaultKinds.Hang, FaultKinds.SlowLink, FaultKinds.LostBlock, FaultKinds.LostRequest),
                LatencyGenerator = a => ValueTask.FromResult(
                    Of(a.Context).Is(FaultKinds.LostBlock, FaultKinds.LostRequest) ? s_forEver : TimeSpan.FromSeconds(Of(a.Context).Rule.Seconds)),
            })
            .AddChaosFault(new ChaosFaultStrategyOptions
            {
                InjectionRate = 1,
                EnabledGenerator = a => Enabled(a.Context, FaultKinds.ChipError, FaultKinds.HbmError, FaultKinds.SwitchDown),
                FaultGenerator = a => ValueTask.FromResult<Exception?>(Fault(Of(a.Context))),
            })
            .AddChaosOutcome(new ChaosOutcomeStrategyOptions<object?>
            {
                InjectionRate = 1,
                EnabledGenerator = a => Enabled(a.Context, FaultKinds.NotANumber),
                OutcomeGenerator = async a =>
                {
                    // The chip has computed, so that nobody waits for its gradient; only the number is wrong.
                    await Of(a.Context).Call.Invoke();
                    return Outcome.FromResult<object?>(((GradientReport)Of(a.Context).Call.Result!) with { Loss = double.NaN });
                },
            })
            .Build();
    }

    /// <summary>Makes the call, with the fault in its way.</summary>
    internal async Task RunAsync(Strike strike, CancellationToken cancellation)
    {
        // On the captured context: off it, the grain would lose its single thread.
        ResilienceContext context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true, cancellation);
        try
        {
            context.Properties.Set(s_strike, strike);
            Charge(strike);
            strike.Call.Result = await _pipeline.ExecuteAsync(async c => await Make(strike, c.CancellationToken), context);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async Task<object?> Make(Strike strike, CancellationToken cancellation)
    {
        IIncomingGrainCallContext call = strike.Call;
        ExchangeBlock? again = strike.Is(FaultKinds.DoubledBlock) && call.Request.GetArgument(1) is ExchangeBlock block
            ? block with { Values = new TensorBlock(block.Values.Span) }
            : null;
        long begun = _time.GetTimestamp();
        await call.Invoke();
        if (strike.Is(FaultKinds.Straggler))
        {
            await Task.Delay((strike.Rule.Factor - 1) * _time.GetElapsedTime(begun), _time, cancellation);
        }
        else if (strike.Is(FaultKinds.LostReply))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellation);
        }
        else if (again is not null)
        {
            await ((IUltraServer)call.Grain).Exchange(strike.Ticket, again, cancellation);
        }

        return call.Result;
    }

    /// <summary>
    /// What the fault costs on the machine that is emulated. What is lost on its way is asked for again after as long as a kernel step
    /// takes. A collective that is under way has heard of all chips: what a link loses, the next step waits for.
    /// </summary>
    private void Charge(Strike strike)
    {
        (double kernels, double seconds) =
            strike.Is(FaultKinds.Straggler) ? (strike.Rule.Factor - 1, 0)
            : strike.Is(FaultKinds.Hang, FaultKinds.SlowLink) ? (0, strike.Rule.Seconds)
            : strike.Is(FaultKinds.ChipError, FaultKinds.LostRequest, FaultKinds.LostReply, FaultKinds.LostBlock, FaultKinds.WireFlip) ? (1, 0)
            : (0.0, 0.0);
        if ((kernels > 0 || seconds > 0) && _replicas.Find(strike.Ticket.Run, strike.At.UltraServer) is { } replica)
        {
            if (strike.Kind.Site == FaultSite.Link)
            {
                replica.Delays.AddLink(strike.Ticket.Step + 1, kernels, seconds);
            }
            else
            {
                replica.Delays.Add(strike.Ticket.Step, strike.At.Chip, kernels, seconds);
            }
        }
    }

    private void Behave(Strike strike)
    {
        if (strike.Is(FaultKinds.SiloKill))
        {
            Process.GetCurrentProcess().Kill();
        }
        else if (strike.Is(FaultKinds.HbmError))
        {
            Replica(strike).LoseShard(strike.At.Chip);
        }
        else if (strike.Is(FaultKinds.ComputeFlip))
        {
            Replica replica = Replica(strike);
            replica.FlipGradient(strike.At.Chip, Choice(strike, 32 * replica.Length));
        }
        else if (strike.Is(FaultKinds.ShardFlip))
        {
            Replica(strike).FlipShard(strike.At.Chip, (ulong)Choice(strike, long.MaxValue));
        }
        else if (strike.Is(FaultKinds.UltraServerLost))
        {
            // The switch that is called has the same key.
            _grains.GetGrain<IUltraServer>(strike.Call.TargetId.Key.ToString()!).AsReference<IGrainManagementExtension>().DeactivateOnIdle().AsTask().Ignore();
        }
        else if (strike.Is(FaultKinds.Deactivate))
        {
            strike.Call.TargetContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "chaos"));
        }
        else if (strike.Call.Request.GetArgument(1) is ExchangeBlock block)
        {
            TensorBlock values = new(block.Values.Span);
            block.Values.Release();
            long bit = Choice(strike, 32L * values.Length);
            FlippedGradient.Flip(ref values.Span[(int)(bit / 32)], bit);
            strike.Call.Request.SetArgument(1, block with { Values = values });
        }
    }

    private Replica Replica(Strike strike) => _replicas.Get(strike.Ticket.Run, strike.Ticket.Generation, strike.At.UltraServer);

    /// <summary>Which of many: the same whenever the same fault strikes.</summary>
    private static long Choice(Strike strike, long below) =>
        FaultDecision.Below(strike.Seed, $"{strike.Kind.Name}:{strike.Place}", strike.Ticket.Step, strike.Ticket.Attempt, below);

    private static Exception Fault(Strike strike) =>
        strike.Is(FaultKinds.ChipError) ? new ChipErrorException(strike.Rule.Status, $"chip {strike.Place} reports {strike.Rule.Status}")
        : strike.Is(FaultKinds.HbmError) ? new ChipErrorException(NeuronStatus.HbmUncorrectable, $"chip {strike.Place} reports {NeuronStatus.HbmUncorrectable}: its shard is lost")
        : new InvalidOperationException($"the NeuronSwitch of UltraServer {strike.Place} is down");

    private static Strike Of(ResilienceContext context) => context.Properties.GetValue(s_strike, null!);

    private static ValueTask<bool> Enabled(ResilienceContext context, params ReadOnlySpan<FaultKind> kinds) => ValueTask.FromResult(Of(context).Is(kinds));
}
