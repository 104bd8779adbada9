using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Hardware.Fabrics;

/// <summary>
/// How the ranks of a group lie on one level, and the routes that follow: behind a switch everybody is everybody's neighbour; in a torus or a
/// ring only neighbours are joined, a group that is not all of it has some of the links only, and groups that lie between each other's chips
/// share theirs. Chips of a torus are numbered row by row, and strides are taken to be whole parts of a row, or whole rows; messages go the
/// shortest way, along their row first, half each way round where both are as long, and never over links between chips of others only.
/// </summary>
internal readonly struct GroupOnLevel
{
    private readonly bool _isSwitched;
    private readonly int _ranks;

    // Of a chip: two in a ring, four in a torus.
    private readonly int _links;
    private readonly Axis _row;
    private readonly Axis _column;
    private readonly bool _isRegular;

    /// <param name="link">The level.</param>
    /// <param name="ranks">Ranks on it, those that lie within one domain of the level inside counted as one.</param>
    /// <param name="stride">Places of the level from one rank to the next.</param>
    internal GroupOnLevel(Link link, int ranks, int stride)
    {
        _ranks = ranks;
        _isSwitched = link.Shape is FabricShape.Switch or FabricShape.Direct;
        if (_isSwitched)
        {
            return;
        }

        bool isTorus = link.Shape == FabricShape.Torus;
        _links = isTorus ? 4 : 2;
        int width = link.Width;
        int height = link.Places / width;
        int inRow = stride < width ? Math.Min(ranks, Math.Max(1, width / stride)) : 1;
        int rows = (ranks + inRow - 1) / inRow;
        _row = new Axis(width, inRow, stride < width ? stride : 1);
        _column = new Axis(height, rows, stride < width ? 1 : stride / width);
        _isRegular = ranks == inRow * rows && (rows == 1 || inRow == 1 || _row.IsRound);
    }

    /// <summary>A step round the ring through all ranks; where the links allow it there are several rings with a part of the bytes each.</summary>
    /// <param name="steps">That are made: ranks − 1, or twice that.</param>
    internal Route Ring(int steps)
    {
        if (_isSwitched)
        {
            return Route.Direct;
        }

        if (!_isRegular)
        {
            // A last row that is not full is gone down to and up from, two chips at a time, if that comes out even.
            return _row.Step == 1 && _column.Step == 1 && _ranks % 2 == 0 && _ranks % _row.Length % 2 == 0 && (_ranks < 2 * _row.Length || _row.Length % 2 == 0)
                ? new Route(1, _links / 2.0, _links / 2.0)
                : Line(Math.Max(_row.Step, _column.Step), steps);
        }

        if (_row.Ranks == 1 || _column.Ranks == 1)
        {
            Axis axis = _row.Ranks == 1 ? _column : _row;
            return axis.Ranks == 2 ? Pair(1)
                : axis.IsRound ? new Route(axis.Step, _links / 2.0 * axis.Step, _links / 2.0)
                : Line(axis.Step, steps);
        }

        // Through rows and columns: two rings that share no link, each in both directions, where the group has all of a square to itself; one where
        // it has some of the rows, or rows and columns differ. Between the chips of others, jumps along the rows are the longest, and half of one
        // goes either way round.
        if (_row.Step == 1)
        {
            double rings = _column.IsRound && _column.Length == _row.Length ? 4 : 2;
            return new Route(1, _links / rings, _links / rings);
        }

        return _row.Ranks == 2
            ? new Route(_row.Step, _links / 2.0 * Math.Max(1, _row.Step / 2.0), _links / 4.0)
            : new Route(_row.Step, _links / 2.0 * _row.Step, _links / 2.0);
    }

    /// <summary>
    /// Everybody sends a message to everybody else; through a torus half of each along the rows and then the columns, the other half the other way,
    /// so that no link is without work. What is gathered along the one axis goes on along the other; what is scattered comes back so.
    /// </summary>
    /// <param name="link">The level.</param>
    /// <param name="bytes">Of a message.</param>
    /// <param name="isToAll">Whether the messages to all are different ones, of which none can go on to others.</param>
    internal double MeshSeconds(Link link, double bytes, bool isToAll)
    {
        if (_isSwitched)
        {
            return new Route(1, _ranks - 1, 1).Seconds(link, bytes);
        }

        if (_row.Ranks == 1 || _column.Ranks == 1)
        {
            return Everybody(_row.Ranks == 1 ? _column : _row).Seconds(link, bytes);
        }

        // A group with a ragged end counts as the block that holds it.
        double half = bytes / 2;
        double turned = Math.Max(Everybody(_row).Seconds(link, half * _column.Ranks), Everybody(_column).Seconds(link, half * _row.Ranks));
        return turned + (isToAll ? turned : Math.Max(Everybody(_row).Seconds(link, half), Everybody(_column).Seconds(link, half)));
    }

    /// <summary>Whether a mesh is among the choices: where no message passes more than two links along an axis.</summary>
    internal bool HasMesh => _isSwitched || (_isRegular && _row.HasMesh && _column.HasMesh);

    /// <summary>Whether everybody has a partner at every distance 1, 2, 4 …, and is not one of many in a chain who reach theirs through each other.</summary>
    internal bool HasPairs => _isSwitched || (_isRegular && _row.HasPairs && _column.HasPairs);

    /// <summary>Whether ranks are neighbours and have such partners.</summary>
    internal bool HasTree => HasPairs && (_isSwitched || (_row.Step == 1 && _column.Step == 1));

    /// <summary>Everybody exchanges a message with the rank whose number differs in one bit.</summary>
    /// <param name="distance">That bit: 1, 2, 4 …</param>
    internal Route Pair(int distance) => _isSwitched ? Route.Direct : Along(distance, (axis, hops) => hops);

    /// <summary>Ranks whose number has that bit, and none below it, send to those without.</summary>
    /// <param name="distance">That bit: 1, 2, 4 …</param>
    internal Route Branch(int distance) => _isSwitched ? Route.Direct : Along(distance, (axis, _) => axis.Step);

    private Route Everybody(Axis axis) => new(axis.Farthest, axis.MeshLoad * _links, _links / (axis.IsRound && axis.Ranks % 2 == 0 ? 2.0 : 1));

    private Route Along(int distance, Func<Axis, int, int> messages)
    {
        Axis axis = distance < _row.Ranks ? _row : _column;
        int hops = (distance < _row.Ranks ? distance : distance / _row.Ranks) * axis.Step;
        double share = 2 * hops == axis.Length ? _links / 2.0 : _links;
        return new Route(hops, share * messages(axis, hops), share);
    }

    /// <summary>
    /// A ring folded into a line, every second chip on the way out and the others on the way back: a message goes over two links to the next chip,
    /// but for the two at the ends. The last chip waits for a chain of messages, at worst one that comes by the ends as seldom as it can.
    /// </summary>
    private Route Line(int step, int steps)
    {
        int ends = (2 * (steps / _ranks)) + (steps % _ranks <= (_ranks - 1) / 2 ? 0 : 1);
        return new Route(((2.0 * steps) - ends) / steps * step, _links * step, _links);
    }

    /// <summary>Ranks along a row or a column of so many chips, a step from one to the next.</summary>
    private readonly record struct Axis(int Length, int Ranks, int Step)
    {
        /// <summary>Whether they go all the way round.</summary>
        internal bool IsRound => Ranks > 1 && Ranks * Step == Length;

        /// <summary>See <see cref="GroupOnLevel.HasMesh"/>.</summary>
        internal bool HasMesh => Step == 1 && Ranks <= (IsRound ? 5 : 3);

        /// <summary>See <see cref="GroupOnLevel.HasPairs"/>.</summary>
        internal bool HasPairs => Length <= 8 && (Ranks * Step <= 4 || (Step == 1 && IsRound));

        /// <summary>Links from a rank to the one that is farthest from it.</summary>
        internal int Farthest => IsRound ? Ranks / 2 * Step : (Ranks - 1) * Step;

        /// <summary>Messages over the busiest of its links when everybody sends one to everybody.</summary>
        internal double MeshLoad
        {
            get
            {
                if (!IsRound)
                {
                    // Those from one half to the other, of all groups that lie between each other.
                    return (double)(Ranks / 2) * ((Ranks + 1) / 2) * Step;
                }

                // Half way round in either direction: the sum of min(i, ranks − i).
                double hops = Math.Floor((double)Ranks * Ranks / 4) * Step;
                return hops / 2.0;
            }
        }
    }
}
