using System.Security.Cryptography;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Text;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Grains.Specs;

/// <summary>A spec with what it refers to: the data read, the network laid out, every hash filled in.</summary>
/// <param name="Spec">Complete, with the vocabulary and the hashes.</param>
/// <param name="Dataset">The data.</param>
/// <param name="Network">The network.</param>
public sealed record RunInputs(RunSpec Spec, IDataset Dataset, Network Network)
{
    /// <summary>Where the weights to start from are on this machine, or null.</summary>
    public string? InitPath { get; init; }

    /// <summary>Reads and checks all that a spec refers to.</summary>
    /// <param name="spec">What to read.</param>
    /// <param name="loader">Reads data.</param>
    /// <param name="files">Where the files are on this machine, when they are not where the spec says; or null.</param>
    /// <param name="progress">Told about a download.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="InvalidDescriptionException">the data or the network does not fit, or is not what the spec was resolved with.</exception>
    /// <exception cref="InvalidWeightsException">the weights to start from cannot be read.</exception>
    public static async Task<RunInputs> LoadAsync(
        RunSpec spec, DatasetLoader loader, LocalFiles? files, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        CharacterVocabulary? vocabulary = null;
        InitSpec? init = spec.Init;
        if (init is not null)
        {
            string path = files?.Init ?? init.Path;
            using SafetensorsReader reader = new(path);
            vocabulary = WeightMetadata.Vocabulary(reader.Metadata, init.Path);
            string hash = HashFile(path);
            init = init with { Sha256 = Same(init.Sha256, hash, init.Path) };
        }

        IDataset dataset = await loader.LoadAsync(files?.Data ?? spec.Data.Source, spec.Data.ValidationFraction, vocabulary, progress, cancellation).ConfigureAwait(false);
        NetworkDescription model = spec.Model;
        if (model.IsLanguageModel && model.Vocabulary == 0)
        {
            model = model with { Vocabulary = dataset.Vocabulary?.Count ?? 0 };
        }

        dataset.Check(model);
        spec = spec with
        {
            Model = model,
            Data = spec.Data with { Sha256 = Same(spec.Data.Sha256, dataset.Sha256, spec.Data.Source) },
            Init = init,
        };
        return new RunInputs(spec, dataset, NetworkFactory.Create(model, PrecisionRecipes.Resolve(spec.Precision))) { InitPath = files?.Init ?? init?.Path };
    }

    /// <summary>The same run with its length given in passes over the training data; null leaves it as it is.</summary>
    public RunInputs WithEpochs(double? epochs)
    {
        if (epochs is null)
        {
            return this;
        }

        double steps = Math.Ceiling(epochs.Value * Dataset.TrainingSamples(Spec.Model) / Spec.Training.Batch);
        RunSpec spec = Spec with { Training = Spec.Training with { Steps = (long)Math.Max(1, steps) } };
        SpecCheck.Check(spec);
        return this with { Spec = spec };
    }

    private static string Same(string? expected, string found, string what) =>
        expected is null || expected == found
            ? found
            : throw new InvalidDescriptionException($"{what} is not what this spec was made with: its SHA-256 is {found}, and the spec says {expected}");

    private static string HashFile(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}

/// <summary>Where the files of a run are on this machine.</summary>
/// <param name="Data">A file or a folder, or null for where the spec says.</param>
/// <param name="Init">A file, or null for where the spec says.</param>
public sealed record LocalFiles(string? Data, string? Init);
