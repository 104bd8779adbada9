using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TrnOrleans.Chaos.Injection;
using TrnOrleans.Grains.Recovery;

namespace TrnOrleans.Chaos;

/// <summary>Lets a silo take part in runs with faults.</summary>
public static class ChaosHosting
{
    /// <param name="silo">To configure.</param>
    /// <param name="allowsKill">Whether a fault may kill this process.</param>
    public static ISiloBuilder AddChaos(this ISiloBuilder silo, bool allowsKill)
    {
        silo.Services.AddSingleton(new ChaosRuns(allowsKill));
        silo.Services.Replace(ServiceDescriptor.Singleton<RunPoint, ChaosRunPoint>());
        silo.AddIncomingGrainCallFilter<ChaosFilter>();
        return silo;
    }
}
