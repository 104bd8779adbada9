using Orleans;
using Polly;
using Polly.Simmy;
using Polly.Simmy.Fault;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Chaos;

/// <summary>Lets kernel steps of chips fail before they start, through Polly's fault strategy, as a <see cref="ChipFault"/> decides.</summary>
public sealed class ChipFaultFilter : IIncomingGrainCallFilter
{
    private static readonly ResiliencePropertyKey<bool> s_happens = new("fault");
    private static readonly ResiliencePropertyKey<string> s_what = new("what");
    private readonly ChipFault _fault;
    private readonly ResiliencePipeline _pipeline;

    /// <param name="fault">Which steps fail.</param>
    public ChipFaultFilter(ChipFault fault)
    {
        _fault = fault;
        _pipeline = new ResiliencePipelineBuilder()
            .AddChaosFault(new ChaosFaultStrategyOptions
            {
                InjectionRate = 1,
                EnabledGenerator = arguments => ValueTask.FromResult(arguments.Context.Properties.GetValue(s_happens, false)),
                FaultGenerator = arguments => ValueTask.FromResult<Exception?>(
                    new ChipErrorException(fault.Status, arguments.Context.Properties.GetValue(s_what, "injected fault"))),
            })
            .Build();
    }

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.InterfaceMethod.Name != nameof(ITrainiumChip.ComputeGradient) || context.Request.GetArgument(0) is not StepTicket ticket)
        {
            await context.Invoke();
            return;
        }

        string chip = Place(context.TargetId.Key.ToString()!);

        // On the captured context: off it, the grain would lose its single thread.
        ResilienceContext resilience = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true);
        try
        {
            resilience.Properties.Set(s_happens, FaultDecision.Happens(_fault.Seed, $"{chip}.compute", ticket.Step, (4 * ticket.Generation) + ticket.Attempt, _fault.Rate));
            resilience.Properties.Set(s_what, $"chip {chip} reports {_fault.Status}");
            await _pipeline.ExecuteAsync(async _ => await context.Invoke(), resilience);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(resilience);
        }
    }

    /// <summary>"ultraserver/chip" of "run/generation/ultraserver/chip": the same schedule meets every run alike, and the generation is the attempt.</summary>
    private static string Place(string key) => string.Join('/', key.Split('/')[2..]);
}
