namespace TrnOrleans.Grains.Contracts;

/// <summary>The runs that this cluster knows. Key: <see cref="Key"/>.</summary>
public interface IRunDirectory : IGrainWithStringKey
{
    /// <summary>There is one directory.</summary>
    const string Key = "runs";

    /// <summary>A run begins, ends or moves.</summary>
    Task Put(RunStatus status, CancellationToken cancellation);

    /// <summary>As they stood when they last began, moved or ended; the oldest first.</summary>
    Task<IReadOnlyList<RunStatus>> List(CancellationToken cancellation);
}
