using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Tests.Contracts;

/// <summary>Blocks on the wire: every bit there and back, nothing taken in that cannot be one.</summary>
public sealed class TensorBlockCodecTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private Serializer Serializer => _services.GetRequiredService<Serializer>();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Every_bit_comes_back() =>
        Gen.Int.Array[0, 5000].Sample(bits =>
        {
            float[] values = [.. bits.Select(BitConverter.Int32BitsToSingle)];
            ExchangeBlock block = new(2, 3, 4, true, new TensorBlock(values), 5);
            byte[] wire = Serializer.SerializeToArray(block);
            ExchangeBlock back = Serializer.Deserialize<ExchangeBlock>(wire)!;
            Assert.Equal(bits, back.Values.Span.ToArray().Select(BitConverter.SingleToInt32Bits));
            Assert.Equal(block with { Values = back.Values }, back);
            Assert.InRange(wire.Length, 4 * values.Length, (4 * values.Length) + 80);
        });

    [Fact]
    public void Every_bf16_comes_back_in_two_bytes() =>
        Gen.UShort.Array[0, 5000].Sample(codes =>
        {
            float[] values = [.. codes.Select(code => BitConverter.Int32BitsToSingle(code << 16)).Where(x => !float.IsNaN(x))];
            using AlignedBuffer buffer = new(values.Length);
            values.CopyTo(buffer.Span());
            byte[] wire = Serializer.SerializeToArray(new TensorBlock(buffer, 0, values.Length, owner: null, bytesPerNumber: 2));
            TensorBlock back = Serializer.Deserialize<TensorBlock>(wire)!;
            Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), back.Span.ToArray().Select(BitConverter.SingleToInt32Bits));
            Assert.InRange(wire.Length, 2 * values.Length, (2 * values.Length) + 80);
        });

    [Fact]
    public void A_length_that_cannot_be_is_refused_before_memory_is_taken()
    {
        byte[] wire = Serializer.SerializeToArray(new TensorBlock(new float[100]));
        Assert.ThrowsAny<Exception>(() => { Serializer.Deserialize<TensorBlock>(wire.AsSpan(0, 200).ToArray()); });
        Gen.Select(Gen.Int[0, 12], Gen.Byte).Sample(
            (place, value) =>
            {
                byte[] damaged = [.. wire];
                damaged[place] = value;
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    Serializer.Deserialize<TensorBlock>(damaged);
                }
#pragma warning disable CA1031 // Any refusal will do; what matters is the memory.
                catch (Exception)
#pragma warning restore CA1031
                {
                    // Refused.
                }

                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
            },
            threads: 1);
    }

    [Fact]
    public void A_released_block_is_gone()
    {
        TensorBlock block = new(new float[8]);
        block.Release();
        block.Release();
        Assert.Throws<ObjectDisposedException>(() => { _ = block.Span.Length; });
    }
}
