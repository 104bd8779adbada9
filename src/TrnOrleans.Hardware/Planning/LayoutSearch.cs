using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Steps;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Planning;

/// <summary>A layout and what it costs.</summary>
/// <param name="Layout">How.</param>
/// <param name="Cost">What.</param>
public sealed record Plan(Layout Layout, StepCost Cost);

/// <summary>What a search has found.</summary>
/// <param name="Evaluated">Layouts that were costed.</param>
/// <param name="Best">The quickest that fit, quickest first; empty when none does.</param>
/// <param name="Front">Those that fit and that no other beats in both time and memory, quickest first.</param>
/// <param name="Smallest">The one that needs least memory, whether it fits or not.</param>
public sealed record SearchResult(long Evaluated, IReadOnlyList<Plan> Best, IReadOnlyList<Plan> Front, Plan Smallest);

/// <summary>Parts of a layout that are given; null is for the search to choose.</summary>
public sealed record LayoutChoices
{
    /// <summary>Chips.</summary>
    public int? TensorParallel { get; init; }

    /// <summary>Chips.</summary>
    public int? ContextParallel { get; init; }

    /// <summary>Stages.</summary>
    public int? PipelineParallel { get; init; }

    /// <summary>Copies.</summary>
    public int? DataParallel { get; init; }

    /// <summary>Chips.</summary>
    public int? ExpertParallel { get; init; }

    /// <summary>Parts a stage.</summary>
    public int? Interleave { get; init; }

    /// <summary>Sequences.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>Stage of ZeRO.</summary>
    public int? Zero { get; init; }

    /// <summary>On or off.</summary>
    public bool? SequenceParallel { get; init; }

    /// <summary>On or off; on when nothing is said.</summary>
    public bool FlashAttention { get; init; } = true;

    /// <summary>What is computed twice.</summary>
    public Recompute? Recompute { get; init; }
}

/// <summary>Costs every layout that multiplies out.</summary>
public static class LayoutSearch
{
    private const int MostMicroBatch = 64;
    private const int MostInterleave = 16;

    /// <summary>Searches on all processors; the result does not depend on how many there are.</summary>
    /// <param name="machine">Where.</param>
    /// <param name="recipe">In which formats.</param>
    /// <param name="work">What.</param>
    /// <param name="batch">Sequences in a step.</param>
    /// <param name="choices">What is given.</param>
    /// <param name="keep">How many of the quickest.</param>
    /// <exception cref="InvalidDescriptionException">no layout multiplies out.</exception>
    public static SearchResult Run(Machine machine, PrecisionRecipe recipe, Workload work, long batch, LayoutChoices choices, int keep = 5)
    {
        StepModel model = machine.Model(recipe, work);
        Layout[] frames = [.. Frames(machine.Chips, work, batch, choices)];
        if (frames.Length == 0)
        {
            throw new InvalidDescriptionException(WhyNone(machine, work, batch, choices));
        }

        Plan[][] found = new Plan[frames.Length][];
        Parallel.For(0, frames.Length, index =>
            found[index] = [.. Variants(frames[index], work, batch, choices).Select(layout => new Plan(layout, model.Evaluate(layout, batch)))]);
        Plan[] all = [.. found.SelectMany(f => f)];
        if (all.Length == 0)
        {
            throw new InvalidDescriptionException(WhyNone(machine, work, batch, choices));
        }

        Plan[] fitting = [.. all.Where(p => p.Cost.Fits).OrderBy(p => p.Cost.Seconds).ThenBy(p => p.Cost.Memory.Total)];
        List<Plan> front = [];
        foreach (Plan plan in fitting)
        {
            if (front.Count == 0 || plan.Cost.Memory.Total < front[^1].Cost.Memory.Total)
            {
                front.Add(plan);
            }
        }

        return new SearchResult(all.Length, [.. fitting.Take(keep)], front, all.MinBy(p => p.Cost.Memory.Total)!);
    }

    private static IEnumerable<Layout> Frames(long chips, Workload work, long batch, LayoutChoices choices) =>
        from tensor in Candidates(choices.TensorParallel, chips, Math.Min(chips, Math.Max(1, work.Heads)))
        where work.Heads == 0 || work.Heads % tensor == 0
        from context in Candidates(choices.ContextParallel, chips / tensor, Math.Min(chips / tensor, Math.Max(1, work.Sequence / 1024)))
        where work.Sequence % context == 0
        from pipeline in Candidates(choices.PipelineParallel, chips / tensor / context, work.Blocks)
        let data = chips / tensor / context / pipeline
        where tensor * context * pipeline * data == chips && data <= batch && batch % data == 0 && data <= int.MaxValue && (choices.DataParallel is null || choices.DataParallel == data)
        select new Layout
        {
            TensorParallel = (int)tensor,
            ContextParallel = (int)context,
            PipelineParallel = (int)pipeline,
            DataParallel = (int)data,
            ExpertParallel = choices.ExpertParallel ?? 1,
            FlashAttention = choices.FlashAttention,
        };

    private static IEnumerable<Layout> Variants(Layout frame, Workload work, long batch, LayoutChoices choices)
    {
        long perCopy = batch / frame.DataParallel;
        for (long size = choices.MicroBatch ?? 1; size <= (choices.MicroBatch ?? Math.Min(MostMicroBatch, perCopy)); size *= 2)
        {
            int micro = (int)size;
            foreach (int interleave in Candidates(choices.Interleave, frame.PipelineParallel > 1 ? work.Blocks / frame.PipelineParallel : 1, MostInterleave).Select(i => (int)i))
            {
                foreach (Recompute recompute in choices.Recompute is { } one ? [one] : Enum.GetValues<Recompute>())
                {
                    for (int zero = choices.Zero ?? 0; zero <= (choices.Zero ?? 3); zero++)
                    {
                        foreach (bool sequence in choices.SequenceParallel is { } given ? [given] : frame.TensorParallel > 1 ? new[] { true, false } : [false])
                        {
                            Layout layout = frame with { MicroBatch = micro, Interleave = interleave, Recompute = recompute, Zero = zero, SequenceParallel = sequence };
                            if (layout.WhatIsWrong(layout.Chips, work, batch) is null)
                            {
                                yield return layout;
                            }
                        }
                    }
                }
            }
        }
    }

    private static IEnumerable<long> Candidates(int? given, long of, long most) =>
        given is { } one ? (one >= 1 && of % one == 0 ? [one] : []) : Divisors(of).Where(d => d <= most);

    private static IEnumerable<long> Divisors(long number)
    {
        for (long d = 1; d * d <= number; d++)
        {
            if (number % d == 0)
            {
                yield return d;
                if (d * d != number)
                {
                    yield return number / d;
                }
            }
        }
    }

    /// <summary>The sentence for a layout that was given nearly whole; else that the batch does not divide.</summary>
    private static string WhyNone(Machine machine, Workload work, long batch, LayoutChoices choices)
    {
        int tensor = choices.TensorParallel ?? 1;
        int context = choices.ContextParallel ?? 1;
        int pipeline = choices.PipelineParallel ?? 1;
        Layout nearest = new()
        {
            TensorParallel = tensor,
            ContextParallel = context,
            PipelineParallel = pipeline,
            DataParallel = choices.DataParallel ?? (int)Math.Clamp(machine.Chips / Math.Max(1, (long)tensor * context * pipeline), 1, int.MaxValue),
            ExpertParallel = choices.ExpertParallel ?? 1,
            Interleave = choices.Interleave ?? 1,
            MicroBatch = choices.MicroBatch ?? 1,
            Zero = choices.Zero ?? 0,
        };
        return nearest.WhatIsWrong(machine.Chips, work, batch)
            ?? $"no layout of {machine.Chips:N0} chips multiplies out for {work.Blocks} layers, {work.Heads} heads and a batch of {batch:N0}; try another --batch";
    }
}
