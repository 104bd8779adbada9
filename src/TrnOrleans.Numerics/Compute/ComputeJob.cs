namespace TrnOrleans.Numerics.Compute;

/// <summary>A piece of arithmetic for the engine, with the task that ends when it has run.</summary>
public abstract class ComputeJob
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the job has run; faulted with what it threw; cancelled when the engine stopped first.</summary>
    public Task Completion => _done.Task;

    /// <summary>The arithmetic; runs once, on a compute thread.</summary>
    protected abstract void Run();

    internal void Execute()
    {
        try
        {
            Run();
            _done.TrySetResult();
        }
#pragma warning disable CA1031 // Whoever awaits the job gets it: a job must not end a compute thread.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _done.TrySetException(error);
        }
    }

    internal void Cancel() => _done.TrySetCanceled();
}

/// <summary>A job made of a delegate.</summary>
internal sealed class ActionJob(Action action) : ComputeJob
{
    protected override void Run() => action();
}
