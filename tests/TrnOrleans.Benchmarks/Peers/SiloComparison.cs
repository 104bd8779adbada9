using System.Globalization;
using System.Text.Json;

namespace TrnOrleans.Benchmarks.Peers;

/// <summary>
/// Collectives beside Gloo and OpenMPI, and runs on two silos beside the same on one, all on this machine and taking turns: the median of each,
/// and of the ratios of the turns. Needs redis-server, and for the peers python3-torch, openmpi-bin and libopenmpi-dev.
/// </summary>
/// <param name="text">A text such as Tiny Shakespeare.</param>
/// <param name="rounds">Turns.</param>
internal sealed class SiloComparison(string text, int rounds)
{
    private const string Mpi = "--allow-run-as-root --oversubscribe --bind-to none --mca pml ob1 --mca btl_tcp_if_include lo --mca oob_tcp_if_include lo";

    internal int Run()
    {
        using LocalSilos one = new(1, 2, 0);
        using LocalSilos two = new(2, 1, 1);
        string there = $"--redis {two.Redis}";
        string mpi = Path.Combine(Path.GetTempPath(), $"allreduce_mpi_{Environment.ProcessId}");
        Programs.LastLine("sh", $"-c \"mpicc -O3 -march=native -o {mpi} {Programs.Path("tests/TrnOrleans.Benchmarks/Peers/allreduce_mpi.c")} && echo built\"");
        double Gloo(long bytes) => Number(Programs.LastLine("/usr/bin/python3", $"{Programs.Path("tests/TrnOrleans.Benchmarks/Peers/allreduce_gloo.py")} 8 {bytes}"));
        double OpenMpi(string transport, long bytes) => Number(Programs.LastLine("mpirun", $"{Mpi} --mca btl {transport},self -np 8 {mpi} {bytes}"));

        const long Large = 64 << 20;
        Compare("8 chips, one process, 64 MiB, us", () => AllReduce("-r 8 -b 64MB"), ("Gloo", () => Gloo(Large)), ("OpenMPI shared memory", () => OpenMpi("vader", Large)));
        Compare("8 chips, one process, 4 KiB, us", () => AllReduce("-r 8 -b 4KB -n 1000 -w 300"));
        Compare("2 silos x 4 chips, 64 MiB, us", () => AllReduce($"-r 8 -b 64MB -n 10 {there}"), ("Gloo", () => Gloo(Large)), ("OpenMPI TCP", () => OpenMpi("tcp", Large)));
        Compare("2 silos x 4 chips, 4 KiB, us", () => AllReduce($"-r 8 -b 4KB -n 500 -w 200 {there}"));
        Compare(
            "2 silos x 72 chips, 16 MiB, us", () => AllReduce($"-r 144 -b 16MB -n 5 -w 2 {there}"), ("2 silos x 1 chip", () => AllReduce($"-r 2 -b 16MB {there}")),
            ("144 chips in one process", () => AllReduce("-r 144 -N 2 -b 16MB -n 5 -w 2")));
        string mini = $"--model gpt-mini --batch 8 --ultraservers 2 --chips 1 --steps 16 --eval-every 0 --validation-fraction 0.003 --data {text}";
        Compare("gpt-mini, 2 silos x 1 thread, us a token", () => PerToken($"{mini} {there}"), ("one silo, 2 threads", () => PerToken($"{mini} --redis {one.Redis}")));
        const string tiny = "--model mlp --sizes 784,16,10 --data fashion-mnist --batch 144 --steps 1500 --eval-every 0";
        Compare("tiny mlp, 144 chips in one silo, us a step", () => 144 * PerToken($"{tiny} --chips 144 --redis {one.Redis}"), ("its kernels: one chip, one thread", () => 144 * PerToken($"{tiny} --chips 1 --threads 1")));
        Compare("tiny mlp, 2 silos x 72 chips, us a step", () => 144 * PerToken($"{tiny} --ultraservers 2 --chips 72 {there}"));
        File.Delete(mpi);
        return 0;
    }

    private void Compare(string name, Func<double> ours, params (string Name, Func<double> Measure)[] peers)
    {
        (double Ours, double[] Peers)[] turns = [.. Enumerable.Range(0, rounds).Select(_ => (ours(), peers.Select(p => p.Measure()).ToArray()))];
        IEnumerable<string> beside = peers.Select((peer, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"; {peer.Name} {Turns.Median(turns.Select(t => t.Peers[i])):F1}, ratio {Turns.Median(turns.Select(t => t.Peers[i] / t.Ours)):F2}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {Turns.Median(turns.Select(t => t.Ours)):F1}{string.Concat(beside)}"));
    }

    /// <summary>Microseconds of one.</summary>
    private static double AllReduce(string arguments) =>
        JsonDocument.Parse(Programs.Trn($"allreduce {arguments} --json")).RootElement.GetProperty("results")[0].GetProperty("time_us").GetDouble();

    /// <summary>Microseconds of a token or a sample, in the median step.</summary>
    private static double PerToken(string arguments) =>
        1e6 / JsonDocument.Parse(Programs.Trn($"train {arguments} --json")).RootElement.GetProperty("tokens_per_second").GetDouble();

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
