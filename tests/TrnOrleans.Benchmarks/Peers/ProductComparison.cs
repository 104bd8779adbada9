using System.Diagnostics;
using System.Globalization;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Benchmarks.Peers;

/// <summary>
/// Products beside OpenBLAS, taking turns on the same operands, so that both meet the same moods of the machine: the ratio of each pair
/// of turns, and the median of the ratios. Also says whether the results agree, to rounding.
/// </summary>
internal static class ProductComparison
{
    private static readonly string[] s_forms = ["nn", "nt", "tn"];

    internal static async Task<int> RunAsync(int threads, int rounds, IReadOnlyList<(int M, int N, int K)> shapes)
    {
        if (OpenBlas.Load() is not { } peer)
        {
            Console.Error.WriteLine("OpenBLAS is not here: apt-get install libopenblas0-openmp");
            return 1;
        }

        using ComputeEngine engine = new(threads);
        Console.WriteLine($"{"size",18} form threads  ours GFLOP/s  OpenBLAS GFLOP/s  ratio");
        foreach ((int m, int n, int k) in shapes)
        {
            foreach (string form in s_forms)
            {
                using AlignedBuffer a = Filled((long)m * k, 1);
                using AlignedBuffer b = Filled((long)n * k, 2);
                using AlignedBuffer c = new((long)m * n);
                using AlignedBuffer d = new((long)m * n);
                double operations = 2.0 * m * n * k;
                int calls = (int)Math.Max(1, 5e8 / operations);
                void Ours() => Multiply(form, a, b, c, m, n, k);
                void Theirs() => peer.Multiply(form, a, b, d, m, n, k);
                List<(double Ours, double Theirs)> turns = [];
                for (int round = -1; round < rounds; round++)
                {
                    double ours = 0;
                    await engine.RunAsync(() => ours = Seconds(Ours, calls));
                    await Task.Delay(2);
                    peer.SetThreads(threads);
                    double theirs = Seconds(Theirs, calls);

                    // Its threads spin a while after a call, and would take our cores.
                    await Task.Delay(threads == 1 ? 1 : 15);
                    if (round >= 0)
                    {
                        turns.Add((operations / ours / 1e9, operations / theirs / 1e9));
                    }
                }

                Check(c, d, k);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{m,5} x{n,5} x{k,5} {form,4} {threads,7} {Turns.Median(turns.Select(t => t.Ours)),13:F1} {Turns.Median(turns.Select(t => t.Theirs)),17:F1} {Turns.Median(turns.Select(t => t.Ours / t.Theirs)),6:F3}"));
            }
        }

        return 0;
    }

    private static void Multiply(string form, AlignedBuffer a, AlignedBuffer b, AlignedBuffer c, int m, int n, int k)
    {
        switch (form)
        {
            case "nn":
                MatrixProduct.NN(a.Span(), b.Span(), c.Span(), m, n, k);
                break;
            case "nt":
                MatrixProduct.NT(a.Span(), b.Span(), c.Span(), m, n, k);
                break;
            default:
                MatrixProduct.TN(a.Span(), b.Span(), c.Span(), m, n, k);
                break;
        }
    }

    private static double Seconds(Action action, int calls)
    {
        action();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    private static AlignedBuffer Filled(long length, int seed)
    {
        AlignedBuffer buffer = new(length);
        Random random = new(seed);
        foreach (ref float value in buffer.Span())
        {
            value = random.NextSingle() - 0.5f;
        }

        return buffer;
    }

    private static void Check(AlignedBuffer ours, AlignedBuffer theirs, int k)
    {
        ReadOnlySpan<float> c = ours.Span();
        ReadOnlySpan<float> d = theirs.Span();
        for (int i = 0; i < c.Length; i++)
        {
            if (!(Math.Abs(c[i] - d[i]) <= 1e-6 * k))
            {
                throw new InvalidOperationException($"element {i} is {c[i]} here and {d[i]} in OpenBLAS");
            }
        }
    }
}
