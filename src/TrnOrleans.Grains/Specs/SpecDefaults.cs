using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Training;

namespace TrnOrleans.Grains.Specs;

/// <summary>What a run does when nothing is said: for transformers nanoGPT's recipe for a CPU, for an mlp SGD with momentum, ten epochs of 60,000 samples.</summary>
public static class SpecDefaults
{
    /// <summary>A complete spec for a network.</summary>
    public static RunSpec For(NetworkDescription model) => model.IsLanguageModel ? LanguageModel(model) : Mlp(model);

    private static RunSpec LanguageModel(NetworkDescription model) => new()
    {
        Model = model,
        Data = new DataSpec { Source = "source" },
        Cluster = new ClusterSpec { Chips = 4 },
        Optimizer = new OptimizerSpec { Kind = OptimizerKind.AdamW, WeightDecay = 0.1, Beta2 = 0.99 },
        Training = new TrainingSpec
        {
            Steps = 1000,
            Batch = 12,
            LearningRate = 1e-3,
            Schedule = ScheduleKind.Cosine,
            Clip = 1,
            EvalEvery = 250,
        },
    };

    private static RunSpec Mlp(NetworkDescription model) => new()
    {
        Model = model,
        Data = new DataSpec { Source = "fashion-mnist" },
        Cluster = new ClusterSpec { Chips = 4 },
        Optimizer = new OptimizerSpec { Kind = OptimizerKind.Sgd, Momentum = 0.9, Beta2 = 0.999 },
        Training = new TrainingSpec
        {
            Steps = 4690,
            Batch = 128,
            LearningRate = 0.1,
            Schedule = ScheduleKind.Cosine,
            EvalEvery = 469,
        },
    };
}
