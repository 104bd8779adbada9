using System.Security.Cryptography;
using System.Text;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Text;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Models.Data;

/// <summary>A text as one stream of character tokens; the first part trains, the rest validates. Targets are the next characters.</summary>
public sealed class TextDataset : IDataset
{
    private readonly int[] _tokens;
    private readonly int _split;

    private TextDataset(string name, string sha256, CharacterVocabulary vocabulary, int[] tokens, int split)
    {
        Name = name;
        Sha256 = sha256;
        Vocabulary = vocabulary;
        _tokens = tokens;
        _split = split;
    }

    public string Name { get; }

    public string Sha256 { get; }

    public CharacterVocabulary Vocabulary { get; }

    public string Summary => $"{_tokens.Length:N0} characters, {Vocabulary.Count} different; {_split:N0} train, {_tokens.Length - _split:N0} validate";

    /// <summary>Tokens to train on; for baselines and tests.</summary>
    public ReadOnlySpan<int> Training => _tokens.AsSpan(0, _split);

    /// <summary>Tokens to validate on; for baselines and tests.</summary>
    public ReadOnlySpan<int> Validation => _tokens.AsSpan(_split);

    /// <summary>Reads text.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="bytes">UTF-8, with or without a byte order mark.</param>
    /// <param name="validationFraction">Share at the end that validates, in (0, 1).</param>
    /// <param name="vocabulary">Characters of weights that were trained before, or null for the text's own.</param>
    /// <exception cref="InvalidDescriptionException">empty, not text, or characters that the vocabulary lacks.</exception>
    public static TextDataset FromBytes(string name, ReadOnlySpan<byte> bytes, double validationFraction, CharacterVocabulary? vocabulary = null)
    {
        if (bytes.IsEmpty)
        {
            throw new InvalidDescriptionException($"{name} is empty or no regular file; a text to train on needs some thousand characters");
        }

        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[3..] : bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidDescriptionException($"{name} is not UTF-8 text (byte {error.Index} cannot be read); is it a binary file?", error);
        }

        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new InvalidDescriptionException($"{name} is not text (it holds zero bytes); is it a binary file?");
        }

        vocabulary ??= CharacterVocabulary.FromText(text);
        int[] tokens = vocabulary.Encode(text);
        int split = (int)(tokens.Length * (1 - validationFraction));
        return new TextDataset(name, Convert.ToHexStringLower(SHA256.HashData(bytes)), vocabulary, tokens, split);
    }

    public long TrainingSamples(NetworkDescription network) => Math.Max(1, _split / network.Context);

    public long ValidationSamples(NetworkDescription network) => (_tokens.Length - _split - 1) / network.Context;

    public void Check(NetworkDescription network)
    {
        if (!network.IsLanguageModel)
        {
            throw new InvalidDescriptionException($"{Name} is text, and an mlp reads images; choose --model gpt-nano or --data fashion-mnist");
        }

        if (network.Vocabulary != 0 && network.Vocabulary < Vocabulary.Count)
        {
            throw new InvalidDescriptionException($"{Name} has {Vocabulary.Count} different characters, and the network knows {network.Vocabulary} tokens");
        }

        int shorter = Math.Min(_split, _tokens.Length - _split);
        if (shorter < network.Context + 2)
        {
            throw new InvalidDescriptionException(
                $"{Name} is too short for a context of {network.Context}: {_split} characters train and {_tokens.Length - _split} validate, and each part needs {network.Context + 2}");
        }
    }

    public void FillBatch(BatchPlan plan, long step, int first, int count, SampleBuffer target)
    {
        int context = target.RowsPerSample;
        CounterRandom random = new(plan.Seed, RandomUse.Batch, 0, (uint)step);
        for (int i = 0; i < count; i++)
        {
            int row = first + i;
            long start = plan.Order == SampleOrder.Random
                ? random.Below(((ulong)(step >> 32) << 32) | (uint)row, _split - context)
                : (long)((((UInt128)step * (uint)plan.Batch * (uint)context) + ((ulong)row * (ulong)context)) % (ulong)(_split - context - 1));
            Copy((int)start, i, target);
        }
    }

    public void FillValidation(long first, int count, SampleBuffer target)
    {
        for (int i = 0; i < count; i++)
        {
            Copy(_split + checked((int)((first + i) * target.RowsPerSample)), i, target);
        }
    }

    private void Copy(int start, int sample, SampleBuffer target)
    {
        int context = target.RowsPerSample;
        _tokens.AsSpan(start, context).CopyTo(target.Tokens.AsSpan(sample * context));
        _tokens.AsSpan(start + 1, context).CopyTo(target.Targets.AsSpan(sample * context));
    }
}
