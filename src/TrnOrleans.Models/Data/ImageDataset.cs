using System.Security.Cryptography;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Text;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Models.Data;

/// <summary>Labelled images as bytes; features are pixels / 255.</summary>
public sealed class ImageDataset : IDataset
{
    private readonly LabelledImages _training;
    private readonly LabelledImages _validation;

    /// <param name="name">For messages.</param>
    /// <param name="training">To train on.</param>
    /// <param name="validation">To validate on; of the same size.</param>
    /// <exception cref="InvalidDescriptionException">the two have images of different sizes.</exception>
    public ImageDataset(string name, LabelledImages training, LabelledImages validation)
    {
        if (training.PixelsPerImage != validation.PixelsPerImage)
        {
            throw new InvalidDescriptionException(
                $"{name}: training images have {training.PixelsPerImage} pixels and validation images {validation.PixelsPerImage}");
        }

        Name = name;
        _training = training;
        _validation = validation;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (LabelledImages part in new[] { training, validation })
        {
            hash.AppendData(part.Pixels);
            hash.AppendData(part.Labels);
        }

        Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public string Name { get; }

    public string Sha256 { get; }

    public CharacterVocabulary? Vocabulary => null;

    public string Summary =>
        $"{_training.Count:N0} images of {_training.PixelsPerImage} pixels train, {_validation.Count:N0} validate; {_training.Classes} classes";

    public long TrainingSamples(NetworkDescription network) => _training.Count;

    public long ValidationSamples(NetworkDescription network) => _validation.Count;

    public void Check(NetworkDescription network)
    {
        if (network.IsLanguageModel)
        {
            throw new InvalidDescriptionException($"{Name} holds images, and a language model reads text; choose --model mlp or a text as --data");
        }

        int classes = Math.Max(_training.Classes, _validation.Classes);
        if (network.Sizes[0] != _training.PixelsPerImage || network.Sizes[^1] < classes)
        {
            throw new InvalidDescriptionException(
                $"{Name} has images of {_training.PixelsPerImage} pixels in {classes} classes, and the network goes from {network.Sizes[0]} to {network.Sizes[^1]}; start --sizes with {_training.PixelsPerImage} and end it with {classes}");
        }
    }

    public void FillBatch(BatchPlan plan, long step, int first, int count, SampleBuffer target)
    {
        long length = _training.Count;
        for (int i = 0; i < count; i++)
        {
            UInt128 place = ((UInt128)(ulong)step * (uint)plan.Batch) + (uint)(first + i);
            long index = (long)(place % (ulong)length);
            if (plan.Order == SampleOrder.Random)
            {
                ulong epoch = (ulong)(place / (ulong)length);
                index = new Permutation(new CounterRandom(plan.Seed, RandomUse.Shuffle, 0, (uint)epoch), length)[index];
            }

            _training.CopyTo(index, i, target);
        }
    }

    public void FillValidation(long first, int count, SampleBuffer target)
    {
        for (int i = 0; i < count; i++)
        {
            _validation.CopyTo(first + i, i, target);
        }
    }
}

/// <summary>Images and their labels, one byte a pixel and a label.</summary>
/// <param name="Pixels">Count × pixels per image.</param>
/// <param name="Labels">Count.</param>
public sealed record LabelledImages(byte[] Pixels, byte[] Labels)
{
    /// <summary>Number of images.</summary>
    public int Count => Labels.Length;

    /// <summary>Pixels of an image.</summary>
    public int PixelsPerImage => Pixels.Length / Labels.Length;

    /// <summary>One more than the largest label.</summary>
    public int Classes { get; } = Labels.Max() + 1;

    internal void CopyTo(long index, int sample, SampleBuffer target)
    {
        int width = target.FeatureWidth;
        ReadOnlySpan<byte> pixels = Pixels.AsSpan((int)index * width, width);
        Span<float> features = target.Features.AsSpan(sample * width, width);
        for (int i = 0; i < width; i++)
        {
            features[i] = pixels[i] / 255f;
        }

        target.Targets[sample] = Labels[index];
    }
}
