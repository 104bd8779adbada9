namespace TrnOrleans.Models.Data;

/// <summary>A file that a data set is read from.</summary>
/// <param name="Name">File name, without a folder.</param>
/// <param name="Open">Opens it for reading.</param>
public sealed record DataFile(string Name, Func<Stream> Open);
