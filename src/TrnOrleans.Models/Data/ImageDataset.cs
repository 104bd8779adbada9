using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Text;
using TrnOrleans.Numerics.Compute;
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
        BatchPieces work = new() { Images = _training, Plan = plan, Step = step, First = first, Count = count, Target = target };
        ComputeEngine.ForEachPiece((count + BatchPieces.Length - 1) / BatchPieces.Length, ref work);
    }

    public void FillValidation(long first, int count, SampleBuffer target)
    {
        for (int i = 0; i < count; i++)
        {
            _validation.CopyTo(first + i, i, target);
        }
    }

    /// <summary>Sixteen samples of a batch.</summary>
    private struct BatchPieces : IPieces
    {
        internal const int Length = 16;

        internal LabelledImages Images;
        internal BatchPlan Plan;
        internal SampleBuffer Target;
        internal long Step;
        internal int First, Count;

        public readonly void Run(int piece)
        {
            int from = piece * Length;
            int samples = Math.Min(Length, Count - from);
            Span<long> indices = stackalloc long[Length];
            for (int i = 0; i < samples; i++)
            {
                indices[i] = IndexOf(First + from + i);
                Images.CallAhead(indices[i]);
            }

            for (int i = 0; i < samples; i++)
            {
                Images.CopyTo(indices[i], from + i, Target);
            }
        }

        private readonly long IndexOf(int sample)
        {
            long length = Images.Count;
            UInt128 place = ((UInt128)(ulong)Step * (uint)Plan.Batch) + (uint)sample;
            long inEpoch = (long)(place % (ulong)length);
            ulong epoch = (ulong)(place / (ulong)length);
            return Plan.Order == SampleOrder.Random
                ? new Permutation(new CounterRandom(Plan.Seed, RandomUse.Shuffle, 0, (uint)epoch), length)[inEpoch]
                : inEpoch;
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

    /// <summary>Calls an image into the cache: images of a shuffled batch lie all over the memory, and waiting for one after another adds up.</summary>
    internal unsafe void CallAhead(long index)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        fixed (byte* image = &Pixels[index * PixelsPerImage])
        {
            for (int line = 0; line < PixelsPerImage; line += 64)
            {
                Sse.Prefetch0(image + line);
            }
        }
    }

    internal void CopyTo(long index, int sample, SampleBuffer target)
    {
        int width = target.FeatureWidth;
        ReadOnlySpan<byte> pixels = Pixels.AsSpan((int)index * width, width);
        Span<float> features = target.Features.AsSpan(sample * width, width);
        int i = 0;
        if (Avx512F.IsSupported)
        {
            // One pixel after another would take a tenth of an mlp's step.
            for (; i + Vector128<byte>.Count <= width; i += Vector128<byte>.Count)
            {
                Vector512<float> shades = Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Create(pixels[i..])));
                (shades / Vector512.Create(255f)).CopyTo(features[i..]);
            }
        }

        for (; i < width; i++)
        {
            features[i] = pixels[i] / 255f;
        }

        target.Targets[sample] = Labels[index];
    }
}
