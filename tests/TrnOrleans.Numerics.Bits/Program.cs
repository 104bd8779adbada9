using TrnOrleans.Numerics.Bits;
using TrnOrleans.Numerics.Compute;

// One line a kernel: `name digest`. With a number of threads the kernels run on a compute engine, else on this thread.
IReadOnlyList<KernelDigest> digests = [];
if (args.Length == 0)
{
    digests = KernelBits.Compute();
}
else
{
    using ComputeEngine engine = new(int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture));
    await engine.RunAsync(() => digests = KernelBits.Compute());
}

foreach (KernelDigest digest in digests)
{
    Console.WriteLine($"{digest.Kernel} {digest.Digest}");
}
