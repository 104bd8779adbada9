using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Models.Networks;

/// <summary>The samples of a micro-batch as the network reads them: tokens or features, and targets.</summary>
public sealed class SampleBuffer
{
    internal SampleBuffer(NetworkDescription description, int samples)
    {
        RowsPerSample = description.RowsPerSample;
        FeatureWidth = description.IsLanguageModel ? 0 : description.Sizes[0];
        int rows = checked(samples * RowsPerSample);
        Tokens = description.IsLanguageModel ? new int[rows] : [];
        Features = new float[checked(samples * FeatureWidth)];
        Targets = new int[rows];
    }

    /// <summary>Rows of a sample: the context, or 1.</summary>
    public int RowsPerSample { get; }

    /// <summary>Floats of a sample of an mlp; 0 for a language model.</summary>
    public int FeatureWidth { get; }

    /// <summary>samples × context, for a language model.</summary>
    public int[] Tokens { get; }

    /// <summary>samples × feature width, for an mlp.</summary>
    public float[] Features { get; }

    /// <summary>samples × rows per sample: the class that each row should give.</summary>
    public int[] Targets { get; }
}
