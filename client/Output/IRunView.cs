using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Hardware.Clocks;

namespace TrnOrleans.Client.Output;

/// <summary>How a run is shown: live on a terminal, in lines elsewhere, as JSON for machines.</summary>
internal interface IRunView
{
    /// <summary>Everything is read and checked, the run is about to start.</summary>
    void Starting(RunFacts facts);

    /// <summary>Something happened.</summary>
    /// <param name="happened">What.</param>
    /// <param name="clock">Of the machine that is emulated, after it.</param>
    void Show(RunEvent happened, RunClock clock);

    /// <summary>Somebody asked for an end.</summary>
    void Stopping();

    /// <summary>The run goes on without this console.</summary>
    void Detached(string id);

    /// <summary>The run is over.</summary>
    void Finished(RunResult result);
}
