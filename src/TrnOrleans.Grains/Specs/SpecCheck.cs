using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Grains.Specs;

/// <summary>Says in one sentence what is wrong with a spec, before anything is started.</summary>
public static class SpecCheck
{
    private const int LargestUltraServers = 4096;
    private const int LargestBatch = 1 << 20;

    /// <summary>Checks everything that can be checked without the data.</summary>
    /// <exception cref="InvalidDescriptionException">the first thing that is wrong.</exception>
    public static void Check(RunSpec spec)
    {
        DescriptionCheck.Check(spec.Model);
        MachineSystem largest = Catalogue.LargestUltraServer;
        Require(
            spec.Cluster.Chips >= 1 && spec.Cluster.Chips <= largest.ChipCount,
            $"--chips is {spec.Cluster.Chips}; an UltraServer has 1 to {largest.ChipCount} chips ({largest.Summary}), and --ultraservers adds more UltraServers");
        Require(
            spec.Cluster.UltraServers is >= 1 and <= LargestUltraServers, $"--ultraservers is {spec.Cluster.UltraServers}; it must be between 1 and {LargestUltraServers}");

        TrainingSpec t = spec.Training;
        Require(t.Steps is >= 1 and <= uint.MaxValue, $"--steps is {t.Steps}; it must be between 1 and {uint.MaxValue}");
        Require(t.Batch is >= 1 and <= LargestBatch, $"--batch is {t.Batch}; it must be between 1 and {LargestBatch}");
        Batch(spec);
        Positive(t.LearningRate, "--learning-rate");
        Natural(t.MinLearningRate, "--min-learning-rate");
        Require(t.MinLearningRate <= t.LearningRate, $"--min-learning-rate {t.MinLearningRate} is above --learning-rate {t.LearningRate}");
        Require(t.Warmup >= 0, $"--warmup is {t.Warmup}; it must be at least 0");
        Natural(t.Clip, "--clip");
        Require(t.EvalEvery >= 0, $"--eval-every is {t.EvalEvery}; it must be at least 0, and 0 validates at the end only");

        PrecisionRecipes.Resolve(spec.Precision);
        Natural(spec.Optimizer.WeightDecay, "--weight-decay");
        Share(spec.Optimizer.Beta1, "--beta1");
        Share(spec.Optimizer.Beta2, "--beta2");
        Share(spec.Optimizer.Momentum, "--momentum");
        Positive(spec.Optimizer.Epsilon, "optimizer.epsilon");
        Require(!string.IsNullOrWhiteSpace(spec.Data.Source), "--data is empty; name a file, a folder or a data set that `trn data` lists");
        Require(
            spec.Data.ValidationFraction is > 0 and < 1, $"--validation-fraction is {spec.Data.ValidationFraction}; it must be above 0 and below 1");
    }

    private static void Batch(RunSpec spec)
    {
        int chips = spec.Cluster.TotalChips;
        int batch = spec.Training.Batch;
        if (batch % chips != 0)
        {
            int below = batch / chips * chips;
            string nearest = below == 0 ? $"{chips}" : $"{below} or {below + chips}";
            throw new InvalidDescriptionException($"a batch of {batch} does not divide over {chips} chips; the nearest sizes that do: {nearest}");
        }
    }

    private static void Positive(double value, string name) =>
        Require(double.IsFinite(value) && value > 0, $"{name} is {value}; it must be a number above 0");

    private static void Natural(double value, string name) =>
        Require(double.IsFinite(value) && value >= 0, $"{name} is {value}; it must be a number of at least 0");

    private static void Share(double value, string name) =>
        Require(value is >= 0 and < 1, $"{name} is {value}; it must be at least 0 and under 1");

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new InvalidDescriptionException(sentence);
        }
    }
}
