using CsCheck;
using TrnOrleans.Models.Weights;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

public class SafetensorsReaderTests
{
    [Fact]
    public void A_right_file_gives_its_tensors_and_its_metadata()
    {
        using TempFolder folder = new();
        byte[] data = [.. new float[] { 1, 2, 3, 4, 5, 6 }.SelectMany(BitConverter.GetBytes)];
        using SafetensorsReader reader = new(folder.File("w", SafetensorsBytes.Make(SafetensorsBytes.TwoTensors + "    ", data)));
        float[] b = new float[2];
        reader.Read(reader.Entries["b"], b);
        Assert.Equal([5f, 6f], b);
        Assert.Equal([2L, 2L], reader.Entries["a"].Shape);
        Assert.Equal("v", reader.Metadata["k"]);
    }

    [Fact]
    public void A_missing_file_a_folder_and_an_empty_path_are_refused()
    {
        using TempFolder folder = new();
        Assert.Contains("no such file", Sentences.RefusedWeights(() => new SafetensorsReader(folder.At("none")).Dispose()), StringComparison.Ordinal);
        Assert.Contains("folder", Sentences.RefusedWeights(() => new SafetensorsReader(folder.Root).Dispose()), StringComparison.Ordinal);
        Sentences.RefusedWeights(() => new SafetensorsReader(string.Empty).Dispose());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Fewer_than_eight_bytes_are_too_short(int length) =>
        Assert.Contains("too short", SafetensorsBytes.Refusal(new byte[length]), StringComparison.Ordinal);

    [Theory]
    [InlineData(100_000_001UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    public void A_header_above_the_limit_is_not_read(ulong length) =>
        Assert.Contains("at most 100000000", SafetensorsBytes.Refusal([.. BitConverter.GetBytes(length), 1, 2]), StringComparison.Ordinal);

    [Fact]
    public void A_header_past_the_end_is_refused() =>
        Assert.Contains("ends within its header", SafetensorsBytes.Refusal([.. BitConverter.GetBytes(3UL), 1, 2]), StringComparison.Ordinal);

    [Theory]
    [InlineData("not json", 0, "not JSON")]
    [InlineData("", 0, "not JSON")]
    [InlineData("[]", 0, "not a JSON object")]
    [InlineData("3", 0, "not a JSON object")]
    [InlineData("""{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4, "twice")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4, "twice")]
    [InlineData("""{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown dtype F31")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "natural number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "natural number")]
    [InlineData("""{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "natural number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""", 4, "natural number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[576460752303423488],"data_offsets":[0,4]}}""", 4, "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "needs 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[4,0]}}""", 4, "needs 0 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "two data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1}}""", 4, "nothing else")]
    [InlineData("""{"a":5}""", 0, "tensor a")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "b overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "b leaves a hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "a leaves a hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "cover 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3, "cut short")]
    [InlineData("""{"__metadata__":{"k":1}}""", 0, "not a string")]
    [InlineData("""{"__metadata__":[]}""", 0, "not an object")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "not Unicode")]
    public void A_wrong_header_is_refused_by_name(string header, int dataLength, string reason) =>
        Assert.Contains(reason, SafetensorsBytes.Refusal(SafetensorsBytes.Make(header, dataLength)), StringComparison.Ordinal);

    [Fact]
    public void A_type_that_is_not_a_weight_is_refused_when_it_is_read()
    {
        using TempFolder folder = new();
        byte[] file = SafetensorsBytes.Make("""{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", 8);
        using SafetensorsReader reader = new(folder.File("w", file));
        string message = Sentences.RefusedWeights(() => reader.Read(reader.Entries["a"], new float[1]));
        Assert.Contains("a is I64", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_bytes_never_cause_anything_but_a_refusal()
    {
        byte[] valid = SafetensorsBytes.Make(SafetensorsBytes.TwoTensors, 24);
        using TempFolder folder = new();
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[1, 4].Sample(
            changes =>
            {
                byte[] damaged = [.. valid];
                foreach ((int place, byte value) in changes)
                {
                    damaged[place] = value;
                }

                OpenAndRead(folder.File("damaged", damaged));
            },
            iter: 5000, threads: 1);
        Gen.Int[0, valid.Length].Sample(length => OpenAndRead(folder.File("short", valid[..length])), iter: 300, threads: 1);
    }

    private static void OpenAndRead(string path)
    {
        try
        {
            using SafetensorsReader reader = new(path);
            foreach (SafetensorsEntry entry in reader.Entries.Values)
            {
                reader.Read(entry, new float[checked((int)entry.Shape.Aggregate(1L, (product, size) => product * size))]);
            }
        }
        catch (InvalidWeightsException error)
        {
            Assert.NotEmpty(error.Message);
        }
    }
}
