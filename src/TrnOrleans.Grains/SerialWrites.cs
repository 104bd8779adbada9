namespace TrnOrleans.Grains;

/// <summary>Writes a grain's state one at a time: of two that start from the same version the store refuses the second.</summary>
/// <remarks>Not thread-safe: its owner is a grain.</remarks>
/// <param name="write">Writes what the state is when it is called.</param>
internal sealed class SerialWrites(Func<Task> write)
{
    private Task _last = Task.CompletedTask;

    /// <summary>Returns when the state, as it is now or later, has been written.</summary>
    internal Task WriteAsync() => _last = After(_last);

    private async Task After(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await write();
    }
}
