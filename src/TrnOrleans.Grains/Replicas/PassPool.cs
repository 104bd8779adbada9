using System.Collections.Concurrent;
using TrnOrleans.Models.Networks;

namespace TrnOrleans.Grains.Replicas;

/// <summary>Activation memory, one per compute thread that is in a pass: taken when a kernel step starts, given back when it ends.</summary>
/// <param name="create">Makes one more.</param>
public sealed class PassPool(Func<Pass> create) : IDisposable
{
    private readonly ConcurrentStack<Pass> _free = new();

    /// <summary>Runs with a pass that nobody else has.</summary>
    public TResult Use<TResult>(Func<Pass, TResult> work)
    {
        if (!_free.TryPop(out Pass? pass))
        {
            pass = create();
        }

        try
        {
            return work(pass);
        }
        finally
        {
            _free.Push(pass);
        }
    }

    public void Dispose()
    {
        while (_free.TryPop(out Pass? pass))
        {
            pass.Dispose();
        }
    }
}
