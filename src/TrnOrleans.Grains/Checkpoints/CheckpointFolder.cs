using System.Globalization;

namespace TrnOrleans.Grains.Checkpoints;

/// <summary>
/// A folder of checkpoints: <c>step-000000000120/</c> for each, visible under this name only when it is whole. What is being written has
/// another name, and is swept away by the next writer if nobody finished it.
/// </summary>
/// <param name="root">Path of the folder.</param>
public sealed class CheckpointFolder(string root)
{
    /// <summary>File name of the manifest.</summary>
    public const string Manifest = "manifest.json";

    /// <summary>File name of the manifest's checksum, as <c>sha256sum -c</c> reads it.</summary>
    public const string Checksum = "manifest.json.sha256";

    /// <summary>File name of the last steps' losses, one JSON object a line.</summary>
    public const string History = "history.jsonl";

    private const string Prefix = "step-";
    private const string Unfinished = ".writing-";

    /// <summary>Its path.</summary>
    public string Root => root;

    /// <summary>Where the checkpoint of a step is, or would be.</summary>
    public string PathOf(long step) => Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D12}"));

    /// <summary>Steps of the checkpoints, the newest first; empty when the folder is not there.</summary>
    /// <exception cref="IOException">it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">it cannot be read.</exception>
    public IReadOnlyList<long> Steps() => !Directory.Exists(root) ? [] :
    [
        .. Directory.EnumerateDirectories(root, Prefix + "*").Select(path => Path.GetFileName(path)[Prefix.Length..])
            .Select(name => long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1).Where(step => step >= 0).OrderDescending(),
    ];

    /// <summary>A place to write a checkpoint in, of which nobody else knows.</summary>
    internal string NewWriting(long step) => Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{Unfinished}{step:D12}-{Guid.NewGuid():N}"));

    /// <summary>
    /// Removes older checkpoints than those that are kept, and what somebody began to write of this step or one before it and did not finish.
    /// Later ones are left alone: a run that went back to here has found them damaged, or another still writes one.
    /// </summary>
    /// <param name="step">The checkpoint that has just been written.</param>
    /// <param name="keep">How many stay, with this one.</param>
    /// <exception cref="IOException">something cannot be removed; the rest is.</exception>
    internal void Prune(long step, int keep)
    {
        foreach (string left in Directory.EnumerateDirectories(root, Unfinished + "*"))
        {
            string name = Path.GetFileName(left)[Unfinished.Length..];
            if (string.CompareOrdinal(name, step.ToString("D12", CultureInfo.InvariantCulture) + "~") < 0)
            {
                Directory.Delete(left, recursive: true);
            }
        }

        foreach (long old in Steps().Where(s => s <= step).Skip(keep))
        {
            // Renamed first: half a checkpoint must not look like one.
            string doomed = NewWriting(old);
            Directory.Move(PathOf(old), doomed);
            Directory.Delete(doomed, recursive: true);
        }
    }
}
