using System.Text.Json.Serialization;

namespace TrnOrleans.Models.Training;

/// <summary>Which rule turns a gradient into an update.</summary>
public enum OptimizerKind
{
    /// <summary>Adam with decoupled weight decay.</summary>
    [JsonStringEnumMemberName("adamw")]
    AdamW,

    /// <summary>Stochastic gradient descent, with momentum when it is not 0.</summary>
    Sgd,
}

/// <summary>The optimizer of a run and its constants.</summary>
public sealed record OptimizerSpec
{
    public OptimizerKind Kind { get; init; }

    /// <summary>On matrices only, unless DecayAll.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Whether vectors (biases, norms) decay too.</summary>
    public bool DecayAll { get; init; }

    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.99;

    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Of sgd; 0 keeps no velocity.</summary>
    public double Momentum { get; init; }

    /// <summary>Floats of state per weight.</summary>
    [JsonIgnore]
    public int StateCount => Kind == OptimizerKind.AdamW ? 2 : Momentum == 0 ? 0 : 1;
}
