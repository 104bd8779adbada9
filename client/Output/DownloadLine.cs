using TrnOrleans.Models.Data;

namespace TrnOrleans.Client.Output;

/// <summary>One line on the error stream that follows a download.</summary>
internal sealed class DownloadLine(TextWriter output) : IProgress<DownloadProgress>, IDisposable
{
    private int _percent = -1;
    private string? _file;

    public void Report(DownloadProgress value)
    {
        int percent = (int)(100 * value.Bytes / Math.Max(1, value.Total));
        if (_file == value.File && percent == _percent)
        {
            return;
        }

        if (_file is not null && _file != value.File)
        {
            output.WriteLine();
        }

        (_file, _percent) = (value.File, percent);
        output.Write($"\rdownloading {value.File}: {percent} % of {Words.Bytes(value.Total)}");
    }

    public void Dispose()
    {
        if (_file is not null)
        {
            output.WriteLine();
        }
    }
}
