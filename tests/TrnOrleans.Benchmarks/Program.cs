using BenchmarkDotNet.Running;
using TrnOrleans.Benchmarks;
using TrnOrleans.Benchmarks.Peers;

// openblas THREADS [ROUNDS [MxNxK …]]: products beside OpenBLAS.
// pytorch TEXT THREADS [ROUNDS [PART OF A NAME]]: whole runs beside PyTorch.
// silos TEXT [ROUNDS]: collectives beside Gloo and OpenMPI, and runs on two silos beside one.
// checkpoints TEXT [ROUNDS]: runs with a checkpoint at every step beside runs without.
// calibrate STACK CHIP TABLE…: fits a stack's efficiencies to published measurements.
// Everything else goes to BenchmarkDotNet.
if (args is ["openblas", string threads, ..])
{
    int rounds = args.Length > 2 ? int.Parse(args[2]) : 5;
    (int, int, int)[] shapes = [.. args.Skip(3).Select(Shape)];
    return await ProductComparison.RunAsync(int.Parse(threads), rounds, shapes.Length > 0 ? shapes : [.. Squares, .. FewRows]);
}

if (args is ["pytorch", string text, string computeThreads, ..])
{
    return new TrainingComparison(text, int.Parse(computeThreads)).Run(args.Length > 3 ? int.Parse(args[3]) : 5, args.Length > 4 ? args[4] : string.Empty);
}

if (args is ["silos", string words, ..])
{
    return new SiloComparison(words, args.Length > 2 ? int.Parse(args[2]) : 5).Run();
}

if (args is ["checkpoints", string book, ..])
{
    return new CheckpointCost(book, args.Length > 2 ? int.Parse(args[2]) : 11).Run();
}

if (args is ["calibrate", string stack, string chip, ..])
{
    return new Calibration(stack, chip, args[3..]).Run();
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;

static (int, int, int) Shape(string text)
{
    int[] sizes = [.. text.Split('x').Select(int.Parse)];
    return sizes.Length == 1 ? (sizes[0], sizes[0], sizes[0]) : (sizes[0], sizes[1], sizes[2]);
}

/// <summary>The sizes that are compared by default.</summary>
internal sealed partial class Program
{
    private static IEnumerable<(int, int, int)> Squares => new[] { 256, 512, 1024, 2048 }.Select(n => (n, n, n));

    private static IEnumerable<(int, int, int)> FewRows =>
        from m in new[] { 12, 16, 24, 32, 48, 64 }
        from pair in new[] { (128, 128), (384, 384), (1536, 384), (384, 1536), (512, 512), (1536, 1536) }
        select (m, pair.Item1, pair.Item2);
}
