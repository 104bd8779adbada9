using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Text;

namespace TrnOrleans.Models.Data;

/// <summary>Samples to train and to validate on. Read-only and shared by all chips of a silo.</summary>
public interface IDataset
{
    /// <summary>What the user called it.</summary>
    string Name { get; }

    /// <summary>SHA-256 of the content, in lower-case hexadecimal: the data's part in what decides every bit.</summary>
    string Sha256 { get; }

    /// <summary>The characters of a text, or null.</summary>
    CharacterVocabulary? Vocabulary { get; }

    /// <summary>One line for people: sizes and kinds.</summary>
    string Summary { get; }

    /// <summary>Samples of an epoch, for a number of steps given in epochs.</summary>
    long TrainingSamples(NetworkDescription network);

    /// <summary>Validation samples of this network: each once.</summary>
    long ValidationSamples(NetworkDescription network);

    /// <summary>Whether the network can read it.</summary>
    /// <exception cref="InvalidDescriptionException">one sentence about what does not fit.</exception>
    void Check(NetworkDescription network);

    /// <summary>Fills samples of the global batch of a step: a pure function of the plan, the step and the place in the batch.</summary>
    /// <param name="plan">Order, seed, size of the global batch.</param>
    /// <param name="step">From 0.</param>
    /// <param name="first">First place in the global batch.</param>
    /// <param name="count">Places.</param>
    /// <param name="target">Filled from its start.</param>
    void FillBatch(BatchPlan plan, long step, int first, int count, SampleBuffer target);

    /// <summary>Fills validation samples first … first + count − 1.</summary>
    void FillValidation(long first, int count, SampleBuffer target);
}
