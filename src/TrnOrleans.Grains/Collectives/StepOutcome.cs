namespace TrnOrleans.Grains.Collectives;

/// <summary>What an all-reduce over UltraServers ends with, equal on all of them.</summary>
/// <param name="LossSum">Over all samples of the step, in the shape of the tree.</param>
/// <param name="Next">What comes after this step.</param>
/// <param name="Delays">Chips for which all others wait, in order of their ranks.</param>
public readonly record struct StepOutcome(double LossSum, Contracts.AfterStep Next, Contracts.ChipDelay[] Delays);
