using System.CommandLine;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Client.Options;

/// <summary>Which cluster a command talks to.</summary>
internal static class ClusterOptions
{
    internal static Option<string?> Redis { get; } = Values.Text(
        "--redis", "HOST:PORT[,password=…]", "The cluster that meets in this Redis, instead of a silo in this process; by default what TRN_REDIS says.");

    internal static Option<string?> Cluster { get; } = Values.Text("--cluster", "NAME", $"Name of the cluster; by default what TRN_CLUSTER says, or {EmulatorHosting.DefaultCluster}.");

    internal static void AddTo(Command command)
    {
        command.Options.Add(Redis);
        command.Options.Add(Cluster);
    }

    /// <summary>Where the cluster is; null when nobody names one.</summary>
    internal static (RedisEndpoint Redis, string Cluster)? Of(ParseResult result)
    {
        string? redis = result.GetValue(Redis) ?? NotEmpty(Environment.GetEnvironmentVariable("TRN_REDIS"));
        string cluster = result.GetValue(Cluster) ?? NotEmpty(Environment.GetEnvironmentVariable("TRN_CLUSTER")) ?? EmulatorHosting.DefaultCluster;
        return redis is null ? null : (RedisEndpoint.Parse(redis), cluster);
    }

    /// <exception cref="InvalidDescriptionException">nobody names one.</exception>
    internal static (RedisEndpoint Redis, string Cluster) Needed(ParseResult result) =>
        Of(result) ?? throw new InvalidDescriptionException("this command is for a cluster; say which with --redis HOST:PORT, or in TRN_REDIS");

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
