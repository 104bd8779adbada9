namespace TrnOrleans.Hardware.Tests.Fabrics;

/// <summary>
/// Chips that send messages to each other: each sends one at a time and receives one at a time, a message is there latency + bytes ÷ bandwidth
/// after it began, and a chip goes on to its next step when it has received what it waits for. Knows nothing of the closed forms.
/// </summary>
internal sealed class MessageSimulator(int ranks, double latency, double bandwidth)
{
    private readonly double[] _sending = new double[ranks];
    private readonly double[] _receiving = new double[ranks];
    private double[] _ready = new double[ranks];

    /// <summary>When the last chip is ready.</summary>
    internal double Seconds => _ready.Max();

    /// <summary>A step: all messages are sent as soon as their senders are ready, in order; who receives is ready when all is there.</summary>
    internal void Step(IEnumerable<(int From, int To, double Bytes)> messages)
    {
        double[] next = [.. _ready];
        foreach ((int from, int to, double bytes) in messages)
        {
            double time = bytes / bandwidth;
            double begin = Math.Max(Math.Max(_ready[from], _sending[from]), _receiving[to] - latency);
            _sending[from] = begin + time;
            _receiving[to] = begin + latency + time;
            next[to] = Math.Max(next[to], _receiving[to]);
            next[from] = Math.Max(next[from], _sending[from]);
        }

        _ready = next;
    }
}
