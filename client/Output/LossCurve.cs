namespace TrnOrleans.Client.Output;

/// <summary>The losses so far as a line of bars: neighbours are averaged as the run grows longer.</summary>
internal sealed class LossCurve
{
    private const int Bars = 40;
    private const string Levels = "▁▂▃▄▅▆▇█";
    private readonly List<(double Sum, int Count)> _bars = [];
    private int _perBar = 1;

    internal void Add(double loss)
    {
        if (_bars.Count == 0 || _bars[^1].Count == _perBar)
        {
            _bars.Add((0, 0));
        }

        _bars[^1] = (_bars[^1].Sum + loss, _bars[^1].Count + 1);
        if (_bars.Count > Bars)
        {
            for (int i = 0; i < _bars.Count / 2; i++)
            {
                _bars[i] = (_bars[2 * i].Sum + _bars[(2 * i) + 1].Sum, _bars[2 * i].Count + _bars[(2 * i) + 1].Count);
            }

            // An odd one out keeps filling up as the last bar.
            int half = _bars.Count / 2;
            (double Sum, int Count) last = _bars[^1];
            bool odd = _bars.Count % 2 == 1;
            _bars.RemoveRange(half, _bars.Count - half);
            if (odd)
            {
                _bars.Add(last);
            }

            _perBar *= 2;
        }
    }

    public override string ToString()
    {
        double[] means = [.. _bars.Select(b => b.Sum / b.Count)];
        double low = means.DefaultIfEmpty().Min();
        double range = means.DefaultIfEmpty().Max() - low;
        return string.Concat(means.Select(m => Levels[range > 0 ? (int)Math.Min(7, (m - low) / range * 8) : 0]));
    }
}
