using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Hardware.Tests.Fabrics;

/// <summary>Every link of a machine, and the way of a message from a chip to another on a level.</summary>
internal sealed class WiredMachine
{
    private readonly List<(double Latency, double Bandwidth)> _links = [];
    private readonly IReadOnlyList<Link> _levels;
    private readonly int[] _first;

    /// <param name="levels">From the inside out.</param>
    /// <param name="chips">How many.</param>
    internal WiredMachine(IReadOnlyList<Link> levels, int chips)
    {
        (_levels, Chips) = (levels, chips);
        _first = new int[levels.Count];
        for (int level = 0; level < levels.Count; level++)
        {
            _first[level] = _links.Count;
            Link link = levels[level];
            for (int chip = 0; chip < chips; chip++)
            {
                if (IsSwitched(level))
                {
                    // Out of a chip, and into it.
                    _links.AddRange([(link.LatencySeconds, link.BytesPerSecond), (0, link.BytesPerSecond)]);
                    continue;
                }

                // Right, left, down, up; in a ring the first two.
                int ways = link.Shape == FabricShape.Torus ? 4 : 2;
                _links.AddRange(Enumerable.Repeat((link.LatencySeconds, link.BytesPerSecond / ways), 4));
            }
        }
    }

    internal int Chips { get; }

    internal MessageSimulator Simulator() => new([.. _links], Chips);

    /// <summary>Chips of a domain of the level inside, which have one place on a level.</summary>
    internal int Inside(int level) => level == 0 ? 1 : _levels[level - 1].Chips;

    internal bool IsSwitched(int level) => _levels[level].Shape is FabricShape.Switch or FabricShape.Direct;

    internal FabricShape Shape(int level) => _levels[level].Shape;

    /// <summary>Columns of a torus.</summary>
    internal int Width(int level) => _levels[level].Width;

    /// <summary>One message over chips that lie next to each other.</summary>
    internal Message Along(int level, int[] chips, double bytes) =>
        new(chips[0], chips[^1], bytes, [.. chips.Zip(chips[1..]).SelectMany(hop => Send(level, hop.First, hop.Second, bytes, (false, false)).Single().Path)]);

    /// <summary>One message, in two halves where both ways round are as long.</summary>
    /// <param name="level">Over the links of this one.</param>
    /// <param name="from">Sends.</param>
    /// <param name="to">Receives.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="isRound">Whether its group has the whole row, and the whole column; else it may not go over the link that closes them.</param>
    internal IEnumerable<Message> Send(int level, int from, int to, double bytes, (bool Row, bool Column) isRound)
    {
        if (IsSwitched(level))
        {
            Assert.True(Shape(level) == FabricShape.Switch || from % Inside(level) == to % Inside(level), "a direct link joins chips of one address");
            return [new Message(from, to, bytes, [_first[level] + (2 * from), _first[level] + (2 * to) + 1])];
        }

        int inside = Inside(level);
        Assert.Equal(from % inside, to % inside);
        int width = Width(level);
        int height = _levels[level].Places / width;
        int place = from / inside % _levels[level].Places;
        int goal = to / inside % _levels[level].Places;
        int domain = from - (place * inside);
        List<Message> messages = [];
        foreach ((int hops, bool back) in Ways((goal % width) - (place % width), width, isRound.Row))
        {
            foreach ((int rows, bool up) in Ways((goal / width) - (place / width), height, isRound.Column))
            {
                List<int> path = [];
                (int x, int y) = (place % width, place / width);
                for (int hop = 0; hop < hops; hop++)
                {
                    path.Add(Id(x, y, back ? 1 : 0));
                    x = (x + (back ? width - 1 : 1)) % width;
                }

                for (int row = 0; row < rows; row++)
                {
                    path.Add(Id(x, y, up ? 3 : 2));
                    y = (y + (up ? height - 1 : 1)) % height;
                }

                Assert.Equal(goal, (y * width) + x);
                messages.Add(new Message(from, to, bytes, [.. path]));
            }
        }

        return messages.Select(m => m with { Bytes = bytes / messages.Count });

        int Id(int x, int y, int way) => _first[level] + (4 * (domain + (((y * width) + x) * inside))) + way;
    }

    /// <summary>The shortest ways round a ring of so many.</summary>
    private static IEnumerable<(int Hops, bool Back)> Ways(int distance, int length, bool isRound)
    {
        if (!isRound)
        {
            return [(Math.Abs(distance), distance < 0)];
        }

        int forward = ((distance % length) + length) % length;
        int back = (length - forward) % length;
        return forward == back && forward > 0 ? [(forward, false), (back, true)] : forward <= back ? [(forward, false)] : [(back, true)];
    }
}
