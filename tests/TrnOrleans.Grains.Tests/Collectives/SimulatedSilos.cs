using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Tests.Collectives;

/// <summary>Some silos and the messages between them, which arrive in any order, late, and now and then once more.</summary>
internal sealed class SimulatedSilos : IDisposable
{
    private readonly PlacementPlan _plan;
    private readonly BucketLayout _buckets;
    private readonly List<OutgoingBlock> _network = [];
    private readonly List<OutgoingBlock> _delivered = [];
    private readonly HashSet<int> _awake = [];
    private readonly int _length;
    private readonly FakeMemory[] _memories;
    private readonly WireFormat _wire;
    private ulong _state;

    internal SimulatedSilos(int ultraServers, int silos, int length, ulong seed, WireFormat? wire = null)
    {
        (_length, _state, _wire) = (length, seed, wire ?? WireFormat.Fp32);
        _plan = PlacementPlan.Even(ultraServers, [.. Enumerable.Range(0, silos).Select(s => $"silo {s}")]);
        _buckets = new BucketLayout(length, _plan.Shares.Count);
        _memories = [.. Enumerable.Range(0, ultraServers).Select(_ => new FakeMemory([new float[length]]))];
        SentBytes = new long[_plan.Shares.Count];
        Exchanges = [.. Enumerable.Range(0, _plan.Shares.Count).Select(self => new ScaleOutExchange(_plan, self, _buckets, message => Send(self, message), wire))];
        for (int u = 0; u < ultraServers; u++)
        {
            Exchanges[_plan.PlaceOf(u)].Join(u, _memories[u]);
        }
    }

    internal ScaleOutExchange[] Exchanges { get; }

    internal long[] SentBytes { get; }

    internal AfterStep Next { get; init; }

    /// <summary>One all-reduce, checked on every silo.</summary>
    internal async Task Step(int step)
    {
        int ultraServers = _memories.Length;
        float[][] gradients = [.. Enumerable.Range(0, ultraServers).Select(u => ReferenceTree.Values(_length, _state + (ulong)(u * 31) + (ulong)step))];
        List<Task<StepOutcome>> outcomes = [];
        List<Action> todo = [];
        ChipDelay[][] own = [.. Enumerable.Range(0, ultraServers).Select(u => Enumerable.Range(0, Random(3)).Select(i => new ChipDelay((4 * u) + i, step, u)).ToArray())];
        ChipDelay[] delays = [.. own.SelectMany(d => d)];
        for (int u = 0; u < ultraServers; u++)
        {
            int server = u;
            ScaleOutExchange exchange = Exchanges[_plan.PlaceOf(u)];
            gradients[u].CopyTo(_memories[u].Gradient(0).Span());
            int left = _buckets.Count;
            for (int bucket = 0; bucket < _buckets.Count; bucket++)
            {
                int b = bucket;
                todo.Add(() =>
                {
                    exchange.Arrive(server, b, 0);
                    if (--left == 0)
                    {
                        outcomes.Add(exchange.FinishAsync(step, server, server + 1, server == 0 ? Next : AfterStep.Continue, own[server]));
                    }
                });
            }
        }

        // Some silos are late to begin: what comes before waits for them.
        List<int> asleep = [.. Enumerable.Range(0, Exchanges.Length)];
        _awake.Clear();
        while (todo.Count > 0 || _network.Count > 0 || asleep.Count > 0)
        {
            if (asleep.Count > 0 && Random(3) == 0)
            {
                int silo = asleep[Random(asleep.Count)];
                await Exchanges[silo].BeginAsync(step);
                asleep.Remove(silo);
                _awake.Add(silo);
            }
            else if (_network.Count > 0 && Random(2) == 0)
            {
                Deliver(Random(_network.Count));
            }
            else if (todo.Count > 0 && asleep.Count == 0)
            {
                int pick = Random(todo.Count);
                Action action = todo[pick];
                todo.RemoveAt(pick);
                action();
            }
        }

        double losses = TreeShape.Sum([.. Enumerable.Range(1, ultraServers).Select(u => (double)u)]);
        float[] expected = ReferenceTree.Result(gradients, _wire);
        Assert.Equal(ultraServers, outcomes.Count);
        foreach (StepOutcome outcome in await Task.WhenAll(outcomes).WaitAsync(TimeSpan.FromSeconds(30)))
        {
            Assert.Equal((losses, Next), (outcome.LossSum, outcome.Next));
            Assert.Equal(delays, outcome.Delays);
        }

        foreach (ScaleOutExchange exchange in Exchanges)
        {
            Assert.Equal(expected, exchange.Result.Gradient.Span());
        }

        for (int u = 0; u < ultraServers; u++)
        {
            Exchanges[_plan.PlaceOf(u)].Release(step);
        }

        // To be added up, and the sum back to all but one: whoever holds them, and whatever came twice on the wires.
        Assert.Equal(2L * (ultraServers - 1) * _length * _wire.Bytes * (step + 1), Exchanges.Sum(e => e.CarriedBytes));
        Assert.All(_memories, memory => Assert.Equal(0, memory.Users));
        Assert.All(_memories, memory => Assert.Equal(step + 1, memory.Returned.Count));
    }

    public void Dispose()
    {
        foreach (FakeMemory memory in _memories)
        {
            memory.Dispose();
        }
    }

    private void Send(int from, OutgoingBlock message)
    {
        SentBytes[from] += (message.Block?.Values.Length ?? 0) * (message.Block?.Values.BytesPerNumber ?? 0);
        _network.Add(message);
    }

    /// <summary>As over a wire: a copy; now and then an old message comes once more.</summary>
    private void Deliver(int pick)
    {
        OutgoingBlock message = _network[pick];
        _network.RemoveAt(pick);
        if (message.Block is { } block)
        {
            message = message with { Block = block with { Values = new TensorBlock(block.Values.Span) } };
        }

        Take(message);
        message.Sent?.Invoke();
        _delivered.Add(message);
        if (Random(4) == 0)
        {
            OutgoingBlock again = _delivered[Random(_delivered.Count)];
            long before = Exchanges[again.Silo].Dropped;
            bool current = again.Step == _delivered.Max(d => d.Step);
            bool taken = Take(again);

            // One of a step that is not open yet waits, and is found out when the step opens; every other is dropped at once.
            bool waits = current && !_awake.Contains(again.Silo);
            Assert.Equal(waits, taken);
            Assert.Equal(waits ? before : before + 1, Exchanges[again.Silo].Dropped);
        }
    }

    private bool Take(OutgoingBlock message) =>
        message.Block is { } block
            ? Exchanges[message.Silo].Accept(message.Step, block with { Values = new TensorBlock(block.Values.Span) })
            : Exchanges[message.Silo].Accept(message.Step, message.Notice!);

    private int Random(int below)
    {
        _state = (_state * 6364136223846793005) + 1442695040888963407;
        return (int)((_state >> 33) % (ulong)below);
    }
}
