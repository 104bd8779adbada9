using Orleans.Concurrency;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Hosting;

namespace TrnOrleans.Grains;

/// <summary>The runs of the cluster, so that somebody who knows no id can find them. Runs report to it when they begin, move and end.</summary>
[KeepAlive, Reentrant]
internal sealed class RunDirectory([PersistentState("runs", EmulatorHosting.Storage)] IPersistentState<RunDirectoryRecord> storage) : Grain, IRunDirectory
{
    // The oldest that are over are forgotten beyond this.
    private const int MostRuns = 1000;

    private readonly SerialWrites _writes = new(storage.WriteStateAsync);

    public async Task Put(RunStatus status, CancellationToken cancellation)
    {
        List<RunStatus> runs = storage.State.Runs;
        int known = runs.FindIndex(r => r.Id == status.Id);
        if (known >= 0)
        {
            runs[known] = status;
        }
        else
        {
            runs.Add(status);
        }

        for (int i = 0; runs.Count > MostRuns && i < runs.Count;)
        {
            if (runs[i].State is RunState.Ended or RunState.Stopped or RunState.Failed)
            {
                runs.RemoveAt(i);
            }
            else
            {
                i++;
            }
        }

        await _writes.WriteAsync();
    }

    public Task<IReadOnlyList<RunStatus>> List(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<RunStatus>>([.. storage.State.Runs]);
}

/// <summary>What the directory must not forget.</summary>
[GenerateSerializer]
internal sealed class RunDirectoryRecord
{
    [Id(0)]
    public List<RunStatus> Runs { get; set; } = [];
}
