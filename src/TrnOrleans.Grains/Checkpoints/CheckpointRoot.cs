using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Checkpoints;

/// <summary>Where this silo keeps checkpoints: a console's words must not lead it to write, or read, anywhere else.</summary>
/// <param name="root">Path; null for anywhere, in a process that is its own console.</param>
public sealed class CheckpointRoot(string? root)
{
    /// <summary>The folder that a run's options mean.</summary>
    /// <exception cref="RunFailedException">it lies elsewhere.</exception>
    public CheckpointFolder Open(string folder)
    {
        if (root is null)
        {
            return new CheckpointFolder(Path.GetFullPath(folder));
        }

        string home = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        string path = Path.GetFullPath(folder, home);
        return path.StartsWith(home + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? new CheckpointFolder(path)
            : throw new RunFailedException($"{folder} is not below {home}, where the silos keep checkpoints (trn-silo --checkpoints); name a folder there, such as {Path.GetFileName(path) switch { "" => "run-1", var name => name }}");
    }
}
