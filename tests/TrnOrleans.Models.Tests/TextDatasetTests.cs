using System.Security.Cryptography;
using System.Text;
using CsCheck;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Text;

namespace TrnOrleans.Models.Tests;

public class TextDatasetTests
{
    private const int Context = 6;
    private static readonly TextDataset s_data = Read(Numbered(500));

    [Fact]
    public void Empty_binary_and_short_texts_are_refused()
    {
        Assert.Contains("is empty", Sentences.Refused(() => TextDataset.FromBytes("t", [], 0.1)), StringComparison.Ordinal);
        Assert.Contains("byte 2", Sentences.Refused(() => TextDataset.FromBytes("t", [65, 66, 0xFF, 67], 0.1)), StringComparison.Ordinal);
        Assert.Contains("zero bytes", Sentences.Refused(() => TextDataset.FromBytes("t", [65, 0, 67], 0.1)), StringComparison.Ordinal);
        Sentences.Refused(() => Read("abcdefgh").Check(Tiny.Gpt));
    }

    [Fact]
    public void The_shortest_text_that_is_accepted_can_be_read()
    {
        // Twice context + 2, in halves.
        TextDataset shortest = Read(Numbered(16)[..16], 0.5);
        shortest.Check(Tiny.Gpt with { Vocabulary = 0 });
        Sentences.Refused(() => Read(Numbered(16)[..15], 0.5).Check(Tiny.Gpt with { Vocabulary = 0 }));
        SampleBuffer buffer = new(Tiny.Gpt, 1);
        foreach (SampleOrder order in Enum.GetValues<SampleOrder>())
        {
            for (long step = 0; step < 50; step++)
            {
                shortest.FillBatch(new BatchPlan(order, 3, 1), step, 0, 1, buffer);
            }
        }

        Assert.Equal(1, shortest.ValidationSamples(Tiny.Gpt));
        shortest.FillValidation(0, 1, buffer);
    }

    [Fact]
    public void A_byte_order_mark_is_no_character_but_is_part_of_the_content()
    {
        byte[] text = Encoding.UTF8.GetBytes("abcabc");
        byte[] marked = [.. Encoding.UTF8.Preamble, .. text];
        TextDataset data = TextDataset.FromBytes("t", marked, 0.5);
        Assert.Equal(["a", "b", "c"], data.Vocabulary.Characters);
        Assert.Equal(3, data.Training.Length);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(marked)), data.Sha256);
    }

    [Fact]
    public void Characters_are_numbered_by_code_point_beyond_the_first_plane_too()
    {
        // U+FFFD sorts after a surrogate as UTF-16, and before U+1F600 as a code point.
        TextDataset data = Read("😀b\ufffdaé😀", 0.5);
        Assert.Equal(["a", "b", "é", "\ufffd", "😀"], data.Vocabulary.Characters);
        Assert.Equal([4, 1, 3], data.Training.ToArray());
        Assert.Equal([0, 2, 4], data.Validation.ToArray());
        Assert.Equal("😀b\ufffdaé😀", data.Vocabulary.Decode([4, 1, 3, 0, 2, 4]));
    }

    [Fact]
    public void Another_vocabulary_must_know_every_character()
    {
        CharacterVocabulary vocabulary = CharacterVocabulary.FromText("abc");
        Assert.Equal([2, 0], TextDataset.FromBytes("t", "caca"u8, 0.5, vocabulary).Training.ToArray());
        Assert.Contains("'d'", Sentences.Refused(() => TextDataset.FromBytes("t", "cad"u8, 0.5, vocabulary)), StringComparison.Ordinal);
        Assert.Contains("U+000A", Sentences.Refused(() => TextDataset.FromBytes("t", "ca\n"u8, 0.5, vocabulary)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_with_too_few_tokens_and_an_mlp_are_refused()
    {
        Sentences.Refused(() => s_data.Check(Tiny.Gpt));
        Sentences.Refused(() => s_data.Check(Tiny.Mlp));
        s_data.Check(Tiny.Gpt with { Vocabulary = 500 });
    }

    [Fact]
    public void Sequential_rows_start_where_the_formula_says() =>
        Gen.Select(Gen.Long[0, 1L << 40], Gen.Int[1, 40], Gen.Int[0, 39]).Where((_, batch, row) => row < batch).Sample(
            (step, batch, row) =>
            {
                int n = s_data.Training.Length;
                UInt128 place = ((UInt128)(ulong)step * (uint)batch * Context) + ((uint)row * Context);
                return Starts(SampleOrder.Sequential, step, batch, row, 1)[0] == (int)(place % (uint)(n - Context - 1));
            },
            iter: 500, threads: 1);

    [Fact]
    public void A_random_batch_is_the_same_at_once_and_in_halves() =>
        Gen.Select(Gen.Long[0, 1L << 40], Gen.Int[0, 7]).Sample(
            (step, cut) =>
            {
                int[] whole = Starts(SampleOrder.Random, step, 8, 0, 8);
                return whole.AsSpan().SequenceEqual([.. Starts(SampleOrder.Random, step, 8, 0, cut), .. Starts(SampleOrder.Random, step, 8, cut, 8 - cut)]);
            },
            iter: 300, threads: 1);

    [Fact]
    public void Random_rows_start_everywhere_and_depend_on_seed_step_and_place()
    {
        int last = s_data.Training.Length - Context - 1;
        int[] starts = [.. Enumerable.Range(0, 600).SelectMany(step => Starts(SampleOrder.Random, step, 8, 0, 8))];
        Assert.Equal(0, starts.Min());
        Assert.Equal(last, starts.Max());
        Assert.InRange(starts.Distinct().Count(), last * 99 / 100, last + 1);
        Assert.NotEqual(Starts(SampleOrder.Random, 0, 8, 0, 8), Starts(SampleOrder.Random, 0, 8, 0, 8, seed: 4));
        Assert.NotEqual(Starts(SampleOrder.Random, 0, 8, 0, 8), Starts(SampleOrder.Random, 1L << 32, 8, 0, 8));
    }

    [Fact]
    public void Validation_windows_cover_the_split_without_overlap()
    {
        int samples = (int)s_data.ValidationSamples(Tiny.Gpt);
        SampleBuffer buffer = new(Tiny.Gpt, samples);
        s_data.FillValidation(0, samples, buffer);
        int[] split = s_data.Validation.ToArray();
        Assert.Equal(split[..(samples * Context)], buffer.Tokens);
        Assert.Equal(split[1..((samples * Context) + 1)], buffer.Targets);
        Assert.InRange(split.Length - (samples * Context), 1, Context);
        SampleBuffer third = new(Tiny.Gpt, 1);
        s_data.FillValidation(2, 1, third);
        Assert.Equal(buffer.Tokens[(2 * Context)..(3 * Context)], third.Tokens);
    }

    /// <summary>Every character occurs once, so a token says where it stands; checks on the way that targets are inputs shifted by one.</summary>
    private static int[] Starts(SampleOrder order, long step, int batch, int first, int count, ulong seed = 3)
    {
        SampleBuffer buffer = new(Tiny.Gpt, Math.Max(1, count));
        s_data.FillBatch(new BatchPlan(order, seed, batch), step, first, count, buffer);
        for (int row = 0; row < count; row++)
        {
            int start = buffer.Tokens[row * Context];
            Assert.Equal(Enumerable.Range(start, Context), buffer.Tokens.Skip(row * Context).Take(Context));
            Assert.Equal(Enumerable.Range(start + 1, Context), buffer.Targets.Skip(row * Context).Take(Context));
        }

        return [.. Enumerable.Range(0, count).Select(row => buffer.Tokens[row * Context])];
    }

    private static string Numbered(int length) => string.Concat(Enumerable.Range(0x4E00, length).Select(c => (char)c));

    private static TextDataset Read(string text, double fraction = 0.1) => TextDataset.FromBytes("t", Encoding.UTF8.GetBytes(text), fraction);
}
