using System.Globalization;
using System.Text;
using TrnOrleans.Hardware.Clocks;

namespace TrnOrleans.Client.Output;

/// <summary>
/// A timeline as Perfetto and chrome://tracing read it (Trace Event Format, JSON array): a process an UltraServer, a thread a chip, times in
/// microseconds of the modelled machine. Written as it comes; both read a file that was broken off.
/// </summary>
internal sealed class TraceFile : IDisposable
{
    // Some 130 MB: what a browser still opens.
    private const long MostSpans = 1_000_000;

    private readonly StreamWriter _writer;
    private readonly ExecutedStep _step;
    private readonly int _chips;
    private readonly double[] _latestHere;
    private readonly LateChip[] _late;
    private long _spans;
    private long _leftOut;
    private long _last = -1;

    /// <param name="path">Overwritten.</param>
    /// <param name="step">What a step takes when nothing fails.</param>
    /// <param name="chips">In an UltraServer.</param>
    internal TraceFile(string path, ExecutedStep step, int chips)
    {
        (Path, _step, _chips) = (path, step, chips);
        _latestHere = new double[step.Chips / chips];
        _late = new LateChip[step.Chips];
        _writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16);
        _writer.Write("[");
        for (int rank = 0; rank < step.Chips; rank++)
        {
            if (rank % chips == 0)
            {
                Write($$$"""{"name":"process_name","ph":"M","pid":{{{rank / chips}}},"args":{"name":"UltraServer {{{rank / chips}}}"}}""", isFirst: rank == 0);
            }

            Write($$$"""{"name":"thread_name","ph":"M","pid":{{{rank / chips}}},"tid":{{{rank % chips}}},"args":{"name":"chip {{{rank % chips}}}"}}""");
        }
    }

    /// <summary>Where it is.</summary>
    internal string Path { get; }

    /// <summary>What is in it.</summary>
    internal string ForPeople => _leftOut == 0
        ? $"{Path}; open it with ui.perfetto.dev"
        : $"{Path}, up to step {_last}: {_leftOut:N0} more would make it too large to be opened";

    /// <summary>Every chip's part of a step.</summary>
    /// <param name="number">Of the step.</param>
    /// <param name="begun">Seconds on the clock.</param>
    /// <param name="late">Chips that were behind.</param>
    internal void Step(long number, double begun, IReadOnlyList<LateChip> late)
    {
        if (_spans > MostSpans)
        {
            _leftOut++;
            return;
        }

        Array.Clear(_latestHere);
        Array.Clear(_late);
        foreach (LateChip chip in late)
        {
            ref double latest = ref _latestHere[chip.Rank / _chips];
            latest = Math.Max(latest, (chip.Kernels * _step.ComputeSeconds) + chip.Seconds);
            _late[chip.Rank] = chip;
        }

        double all = _latestHere.Max();
        for (int rank = 0; rank < _late.Length; rank++)
        {
            foreach (ChipSpan span in ChipSpan.Of(_step, _late[rank], _latestHere[rank / _chips], all))
            {
                (string name, string category) = Words(span.Activity);
                Span(rank, name, category, begun + span.Start, span.Seconds, number);
            }
        }

        _last = number;
    }

    /// <summary>All chips stop for something.</summary>
    internal void All(string what, double begun, double seconds)
    {
        for (int rank = 0; rank < _late.Length && _leftOut == 0; rank++)
        {
            Span(rank, what, what, begun, seconds, _last);
        }
    }

    public void Dispose()
    {
        _writer.Write("\n]\n");
        _writer.Dispose();
    }

    private static (string Name, string Category) Words(ChipActivity activity) => activity switch
    {
        ChipActivity.Compute => ("forward, backward", "compute"),
        ChipActivity.Update => ("update", "compute"),
        ChipActivity.ScaleUp => ("all-reduce over chips", "collective"),
        ChipActivity.ScaleOut => ("all-reduce over UltraServers", "collective"),
        ChipActivity.Stalled => ("stalled", "wait"),
        _ => ("wait", "wait"),
    };

    private void Span(int rank, string name, string category, double begun, double seconds, long step)
    {
        _spans++;
        Write(string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"name":"{{{name}}}","cat":"{{{category}}}","ph":"X","pid":{{{rank / _chips}}},"tid":{{{rank % _chips}}},"ts":{{{begun * 1e6:F4}}},"dur":{{{seconds * 1e6:F4}}},"args":{"step":{{{step}}}}}"""));
    }

    private void Write(string line, bool isFirst = false)
    {
        _writer.Write(isFirst ? "\n" : ",\n");
        _writer.Write(line);
    }
}
