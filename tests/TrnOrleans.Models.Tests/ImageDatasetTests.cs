using TrnOrleans.Models.Data;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

public class ImageDatasetTests
{
    private static readonly NetworkDescription s_network = new() { Family = NetworkFamily.Mlp, Sizes = [4, 3] };

    [Theory]
    [InlineData("-", false)]
    [InlineData("-", true)]
    [InlineData(".", false)]
    [InlineData(".", true)]
    public void A_folder_is_found_with_dashes_or_dots_raw_or_compressed(string separator, bool gzip)
    {
        using TempFolder folder = new();
        IdxBytes.WriteFolder(folder, 10, 5, separator, gzip);
        ImageDataset data = ImageFolder.Read("toy", folder.Root);
        Assert.Equal((10, 5), (data.TrainingSamples(s_network), data.ValidationSamples(s_network)));
        data.Check(s_network);
        SampleBuffer buffer = new(s_network, 2);
        data.FillValidation(3, 2, buffer);
        Assert.Equal([3 / 255f, 3 / 255f, 3 / 255f, 3 / 255f, 4 / 255f, 4 / 255f, 4 / 255f, 4 / 255f], buffer.Features);
        Assert.Equal([0, 1], buffer.Targets);
    }

    [Fact]
    public void A_missing_file_and_a_different_number_of_labels_are_named()
    {
        using TempFolder folder = new();
        IdxBytes.WriteFolder(folder, 10, 5);
        folder.File("t10k-labels-idx1-ubyte", IdxBytes.Make([1, 2, 0, 1], 4));
        string message = Sentences.Refused(() => ImageFolder.Read("toy", folder.Root));
        Assert.Contains("5 images", message, StringComparison.Ordinal);
        Assert.Contains("4 labels", message, StringComparison.Ordinal);
        File.Delete(folder.At("t10k-labels-idx1-ubyte"));
        Assert.Contains("has no t10k-labels-idx1-ubyte", Sentences.Refused(() => ImageFolder.Read("toy", folder.Root)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_of_the_wrong_size_is_told_the_right_one()
    {
        using TempFolder folder = new();
        IdxBytes.WriteFolder(folder, 10, 5);
        ImageDataset data = ImageFolder.Read("toy", folder.Root);
        Assert.Contains("start --sizes with 4 and end it with 3", Sentences.Refused(() => data.Check(s_network with { Sizes = [5, 3] })), StringComparison.Ordinal);
        Sentences.Refused(() => data.Check(s_network with { Sizes = [4, 2] }));
        Sentences.Refused(() => data.Check(Tiny.Gpt));
        data.Check(s_network with { Sizes = [4, 7] });
    }

    [Fact]
    public void Images_of_two_sizes_are_refused() => Sentences.Refused(() =>
        _ = new ImageDataset("toy", new LabelledImages(new byte[8], [0, 1]), new LabelledImages(new byte[6], [0, 1])));

    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(25)]
    public void A_random_epoch_has_every_sample_once_wherever_batches_begin(int batch)
    {
        int[] order = Order(SampleOrder.Random, batch, count: 30);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            Assert.Equal(Enumerable.Range(0, 10), order.Skip(10 * epoch).Take(10).Order());
        }

        Assert.NotEqual(order[..10], order[10..20]);
        Assert.NotEqual(Enumerable.Range(0, 10), order[..10]);

        // The order is of the samples, not of the batches.
        Assert.Equal(Order(SampleOrder.Random, 1, count: 30), order);
    }

    [Fact]
    public void Sequential_order_goes_round_and_round() =>
        Assert.Equal(Enumerable.Range(0, 30).Select(i => i % 10), Order(SampleOrder.Sequential, 7, count: 30));

    [Fact]
    public void Another_seed_is_another_order() =>
        Assert.NotEqual(Order(SampleOrder.Random, 5, 30, seed: 1), Order(SampleOrder.Random, 5, 30, seed: 2));

    /// <summary>Samples by number, filled in two parts a step as two chips would.</summary>
    private static int[] Order(SampleOrder order, int batch, int count, ulong seed = 5)
    {
        ImageDataset data = new("toy", Images(10), Images(2));
        BatchPlan plan = new(order, seed, batch);
        List<int> seen = [];
        for (long step = 0; seen.Count < count; step++)
        {
            int half = batch / 2;
            foreach ((int first, int length) in new[] { (0, half), (half, batch - half) })
            {
                SampleBuffer buffer = new(s_network, Math.Max(1, length));
                data.FillBatch(plan, step, first, length, buffer);
                seen.AddRange(Enumerable.Range(0, length).Select(i => (int)MathF.Round(buffer.Features[4 * i] * 255)));
            }
        }

        return [.. seen.Take(count)];
    }

    private static LabelledImages Images(int count) =>
        new([.. Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat((byte)i, 4))], [.. Enumerable.Range(0, count).Select(i => (byte)(i % 3))]);
}
