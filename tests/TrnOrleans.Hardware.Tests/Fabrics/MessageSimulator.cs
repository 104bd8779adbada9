namespace TrnOrleans.Hardware.Tests.Fabrics;

/// <summary>A message of a collective: bytes over links, one after the other, each a number of the machine's.</summary>
internal readonly record struct Message(int From, int To, double Bytes, int[] Path);

/// <summary>
/// Links that carry messages: each one at a time, first come, first served. A message's head goes on to the next link when it has crossed one; its
/// tail follows as fast as the links are. A chip begins its next step when it has sent all of the last one and has received all that was for it.
/// Knows nothing of the closed forms.
/// </summary>
/// <param name="links">Latency in seconds and bytes a second of each.</param>
/// <param name="chips">How many.</param>
internal sealed class MessageSimulator((double Latency, double Bandwidth)[] links, int chips)
{
    private readonly double[] _free = new double[links.Length];
    private readonly PriorityQueue<(int Step, int Number, int Place), (double At, long Order)> _heads = new();
    private readonly List<Message[][]> _sent = [];
    private readonly List<int[]> _missing = [];
    private readonly double[] _now = new double[chips];
    private readonly int[] _step = new int[chips];
    private readonly List<Message> _inFlight = [];
    private readonly Dictionary<(int Chip, int Step), double> _arrived = [];
    private readonly int[] _unsent = new int[chips];
    private long _order;

    /// <summary>Steps of all chips, in order.</summary>
    /// <returns>Seconds until the last chip is ready.</returns>
    internal double Play(IEnumerable<IEnumerable<Message>> steps)
    {
        foreach (IEnumerable<Message> step in steps)
        {
            Message[][] bySender = [.. Enumerable.Range(0, chips).Select(_ => Array.Empty<Message>())];
            int[] missing = new int[chips];
            foreach (IGrouping<int, Message> sent in step.GroupBy(m => m.From))
            {
                bySender[sent.Key] = [.. sent];
                foreach (Message message in bySender[sent.Key])
                {
                    missing[message.To]++;
                }
            }

            _sent.Add(bySender);
            _missing.Add(missing);
        }

        for (int chip = 0; chip < chips; chip++)
        {
            Send(chip);
            Advance(chip);
        }

        while (_heads.TryDequeue(out (int Step, int Number, int Place) head, out (double At, long Order) due))
        {
            Message message = _inFlight[head.Number];
            int link = message.Path[head.Place];
            double begin = Math.Max(due.At, _free[link]);
            _free[link] = begin + (message.Bytes / links[link].Bandwidth);
            if (head.Place == 0)
            {
                _unsent[message.From]--;
                Arrive(message.From, _step[message.From], _free[link]);
            }

            if (head.Place + 1 < message.Path.Length)
            {
                _heads.Enqueue(head with { Place = head.Place + 1 }, (begin + links[link].Latency, _order++));
                continue;
            }

            // The tail; heads are served in order of their time, so nothing that is still to come is earlier than this one's own head.
            _missing[head.Step][message.To]--;
            Arrive(message.To, head.Step, _free[link] + links[link].Latency);
        }

        Assert.All(_step, step => Assert.Equal(_sent.Count, step));
        return _now.Max();
    }

    /// <summary>Something that a chip's step waits for is there.</summary>
    private void Arrive(int chip, int step, double at)
    {
        _arrived[(chip, step)] = Math.Max(_arrived.GetValueOrDefault((chip, step)), at);
        Advance(chip);
    }

    private void Advance(int chip)
    {
        while (_step[chip] < _sent.Count && _unsent[chip] == 0 && _missing[_step[chip]][chip] == 0)
        {
            _now[chip] = Math.Max(_now[chip], _arrived.GetValueOrDefault((chip, _step[chip])));
            _arrived.Remove((chip, _step[chip]));
            _step[chip]++;
            if (_step[chip] < _sent.Count)
            {
                Send(chip);
            }
        }
    }

    private void Send(int chip)
    {
        foreach (Message message in _sent[_step[chip]][chip])
        {
            _unsent[chip]++;
            _inFlight.Add(message);
            _heads.Enqueue((_step[chip], _inFlight.Count - 1, 0), (_now[chip], _order++));
        }
    }
}
