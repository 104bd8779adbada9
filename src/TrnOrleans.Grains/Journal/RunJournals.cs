using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Grains.Journal;

/// <summary>
/// The journals that this silo writes, one file for each run: appended line by line and handed to the operating system at once, so that a
/// kill of the process loses nothing. A folder that cannot be written costs the journal, and never the run.
/// </summary>
/// <param name="folder">Where; made when first needed.</param>
/// <param name="cluster">To say which silo writes.</param>
/// <param name="time">Stamps entries.</param>
/// <param name="log">Told once when a journal cannot be written.</param>
public sealed partial class RunJournals(string folder, ClusterView cluster, TimeProvider time, ILogger<RunJournals> log) : IDisposable
{
    private const string Extension = ".jsonl";

    private readonly ConcurrentDictionary<string, string> _broken = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Writer>> _writers = new(StringComparer.Ordinal);

    /// <summary>Appends an entry; time, silo and number are filled in.</summary>
    public void Write(string run, JournalEntry entry)
    {
        if (_broken.ContainsKey(run))
        {
            return;
        }

        try
        {
            Writer writer = _writers.GetOrAdd(run, name => new Lazy<Writer>(() => new Writer(NewFile(name)))).Value;
            writer.Append(number => entry with { At = time.GetUtcNow(), Silo = ClusterView.ForPeople(cluster.Self), Number = number });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (_broken.TryAdd(run, error.Message))
            {
                LogLost(run, error.Message);
            }
        }
    }

    /// <summary>The files of a run on this silo, also those of earlier processes in the same folder.</summary>
    public IReadOnlyList<string> Files(string run) =>
        RunName.IsValid(run) && Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, $"{run}@*{Extension}").Order(StringComparer.Ordinal)] : [];

    public void Dispose()
    {
        foreach (Lazy<Writer> writer in _writers.Values.Where(w => w.IsValueCreated))
        {
            writer.Value.Dispose();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the journal of run {Run} ends here: {Why}")]
    private partial void LogLost(string run, string why);

    /// <summary>Of its own for every process: numbers count from 0 in each.</summary>
    private string NewFile(string run)
    {
        Directory.CreateDirectory(folder);
        string silo = ClusterView.ForPeople(cluster.Self).Replace(':', '_');
        return Path.Combine(folder, $"{run}@{silo}@{time.GetUtcNow():yyyyMMdd'T'HHmmssfff}{Extension}");
    }

    private sealed class Writer(string path) : IDisposable
    {
        private readonly Lock _lock = new();

        // No buffer of its own: what has been written survives the process.
        private readonly FileStream _stream = new(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        private long _number;

        internal void Append(Func<long, JournalEntry> entry)
        {
            lock (_lock)
            {
                byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes<JournalEntry>(entry(_number), StrictJson.Compact), (byte)'\n'];
                _stream.Write(line);
                _number++;
            }
        }

        public void Dispose() => _stream.Dispose();
    }
}
