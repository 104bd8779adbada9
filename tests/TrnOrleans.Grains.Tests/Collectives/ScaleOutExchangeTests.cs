using CsCheck;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Tests.Collectives;

/// <summary>The all-reduce between silos: the bits of the tree on every one of them, and few bytes.</summary>
public sealed class ScaleOutExchangeTests
{
    private static readonly ulong s_zeros = new TensorBlock(new float[32]).Hash();

    [Fact]
    public async Task Any_number_of_silos_and_any_order_of_messages_give_the_bits_of_the_tree() =>
        await Gen.Select(Gen.Int[1, 9], Gen.Int[1, 5], Gen.Int[1, 700], Gen.ULong, Gen.Bool).SampleAsync(
            async (ultraServers, silos, length, seed, isBf16) =>
            {
                using SimulatedSilos world = new(ultraServers, silos, length, seed, isBf16 ? WireFormat.Bf16 : WireFormat.Fp32);
                for (int step = 0; step < 3; step++)
                {
                    await world.Step(step);
                }
            },
            iter: 150);

    [Theory]
    [InlineData(2, 2, 1 << 20, 4)]
    [InlineData(4, 2, 1 << 20, 4)]
    [InlineData(8, 4, 1 << 20, 4)]
    [InlineData(3, 3, 1 << 20, 4)]
    [InlineData(4, 2, 1 << 20, 2)]
    [InlineData(3, 3, 1 << 20, 2)]
    public async Task Each_silo_sends_the_lower_bound_within_a_twentieth(int ultraServers, int silos, int length, int bytes)
    {
        using SimulatedSilos world = new(ultraServers, silos, length, 1, bytes == 2 ? WireFormat.Bf16 : WireFormat.Fp32);
        await world.Step(0);
        double bound = 2.0 * (silos - 1) / silos * length * bytes;
        Assert.All(world.SentBytes, sent => Assert.InRange(sent, bound * 0.95, bound * 1.05));
    }

    [Fact]
    public async Task What_comes_twice_or_late_or_does_not_fit_is_dropped_and_counted()
    {
        using SimulatedSilos world = new(2, 2, 64, 1);
        await world.Step(0);
        ScaleOutExchange exchange = world.Exchanges[0];
        long before = exchange.Dropped;
        Assert.False(exchange.Accept(0, new ExchangeBlock(0, 0, 1, false, new TensorBlock(new float[32]), s_zeros)));
        Assert.False(exchange.Accept(0, new StepNotice(1, [1.0], AfterStep.Continue, [])));
        Assert.False(exchange.Accept(1, new ExchangeBlock(9, 0, 1, false, new TensorBlock(new float[32]), s_zeros)));
        Assert.False(exchange.Accept(1, new ExchangeBlock(0, 0, 1, false, new TensorBlock(new float[31]), s_zeros)));
        Assert.False(exchange.Accept(1, new ExchangeBlock(0, 0, 0, false, new TensorBlock(new float[32]), s_zeros)));
        Assert.Equal(before + 5, exchange.Dropped);
        await world.Step(1);
    }

    [Fact]
    public async Task The_first_UltraServer_says_what_comes_next_and_all_learn_it()
    {
        using SimulatedSilos world = new(3, 3, 64, 1) { Next = AfterStep.Pause };
        await world.Step(0);
    }

    [Fact]
    public async Task A_failure_ends_whatever_waits()
    {
        using SimulatedSilos world = new(2, 2, 64, 1);
        await world.Exchanges[0].BeginAsync(0);
        Task waiting = world.Exchanges[0].FinishAsync(0, 0, 1, AfterStep.Continue);
        world.Exchanges[0].Fail(new RunFailedException("broken"));
        Assert.Equal("broken", (await Assert.ThrowsAsync<RunFailedException>(() => waiting)).Message);
        await Assert.ThrowsAsync<RunFailedException>(() => world.Exchanges[0].BeginAsync(1));
    }
}
