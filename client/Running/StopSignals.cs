using System.Runtime.InteropServices;

namespace TrnOrleans.Client.Running;

/// <summary>Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _registrations;

    internal StopSignals()
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Handle(context, Failures.Interrupted)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Handle(context, Failures.Terminated)),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    internal CancellationToken Asked => _asked.Token;

    /// <summary>The exit code for the signal that came; success when none did.</summary>
    internal int ExitCode { get; private set; }

    /// <summary>The exit code for the last signal of this process; null when none came.</summary>
    internal static int? LastCode { get; private set; }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _asked.Dispose();
    }

    private void Handle(PosixSignalContext context, int code)
    {
        if (_asked.IsCancellationRequested)
        {
            Environment.Exit(code);
        }

        context.Cancel = true;
        ExitCode = code;
        LastCode = code;
        _asked.Cancel();
    }
}
