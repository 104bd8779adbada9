using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Measuring;

/// <summary>What the machine can do at best: multiply-adds in registers, and copies of memory. Kernels are held against these.</summary>
public static unsafe class Ceilings
{
    // A few pieces for each thread, so that all are busy to the end; each takes tens of microseconds, which hides the call for help.
    private const int PiecesPerThread = 8;
    private const int Rounds = 8000;
    private const int CopyLength = 1 << 22;

    /// <summary>Multiply-adds on registers alone, in the widest vectors that the machine has.</summary>
    /// <param name="threads">Compute threads that it will run on.</param>
    public static KernelCase MultiplyAdds(int threads)
    {
        // By the same test as the products: where .NET prefers narrower vectors, they still use the wide ones.
        int lanes = Avx512F.IsSupported ? 16 : Fma.IsSupported ? 8 : 4;
        int chains = lanes == 8 ? 12 : 24;
        KernelName name = new("ceiling", "fma", [], KernelBound.Arithmetic, 2.0 * lanes * chains * Rounds * PiecesPerThread * threads);
        AlignedBuffer sink = new(PiecesPerThread * (long)threads * 16);
        return new KernelCase(name, [sink], () =>
        {
            MultiplyAddPieces work = new() { Sink = sink.Pointer, Lanes = lanes };
            ComputeEngine.ForEachPiece(PiecesPerThread * threads, ref work);
        });
    }

    /// <summary>Copies of 16 MiB: bytes read and bytes written.</summary>
    /// <param name="threads">Compute threads that it will run on.</param>
    public static KernelCase Copy(int threads)
    {
        KernelName name = new("ceiling", "copy", [], KernelBound.Memory, 2.0 * sizeof(float) * CopyLength);
        AlignedBuffer from = Operand.Of(CopyLength);
        AlignedBuffer to = new(CopyLength);
        return new KernelCase(name, [from, to], () =>
        {
            CopyPieces work = new() { From = from.Pointer, To = to.Pointer, Count = PiecesPerThread * threads };
            ComputeEngine.ForEachPiece(work.Count, ref work);
        });
    }

    private struct CopyPieces : IPieces
    {
        internal float* From, To;
        internal int Count;

        public readonly void Run(int piece)
        {
            int start = (int)((long)CopyLength * piece / Count);
            int length = (int)((long)CopyLength * (piece + 1) / Count) - start;
            new ReadOnlySpan<float>(From + start, length).CopyTo(new Span<float>(To + start, length));
        }
    }

    private struct MultiplyAddPieces : IPieces
    {
        internal float* Sink;
        internal int Lanes;

        public readonly void Run(int piece)
        {
            float* sink = Sink + (piece * 16);
            switch (Lanes)
            {
                case 16:
                    Sixteen(sink);
                    break;
                case 8:
                    Eight(sink);
                    break;
                default:
                    Four(sink);
                    break;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Sixteen(float* sink)
        {
            Vector512<float> factor = Vector512.Create(0.999f);
            Vector512<float> term = Vector512.Create(0.001f);
            Vector512<float> c0 = Vector512.Create(0f), c1 = Vector512.Create(1f), c2 = Vector512.Create(2f), c3 = Vector512.Create(3f);
            Vector512<float> c4 = Vector512.Create(4f), c5 = Vector512.Create(5f), c6 = Vector512.Create(6f), c7 = Vector512.Create(7f);
            Vector512<float> c8 = Vector512.Create(8f), c9 = Vector512.Create(9f), c10 = Vector512.Create(10f), c11 = Vector512.Create(11f);
            Vector512<float> c12 = Vector512.Create(12f), c13 = Vector512.Create(13f), c14 = Vector512.Create(14f), c15 = Vector512.Create(15f);
            Vector512<float> c16 = Vector512.Create(16f), c17 = Vector512.Create(17f), c18 = Vector512.Create(18f), c19 = Vector512.Create(19f);
            Vector512<float> c20 = Vector512.Create(20f), c21 = Vector512.Create(21f), c22 = Vector512.Create(22f), c23 = Vector512.Create(23f);
            for (int i = 0; i < Rounds; i++)
            {
                c0 = Vector512.FusedMultiplyAdd(c0, factor, term);
                c1 = Vector512.FusedMultiplyAdd(c1, factor, term);
                c2 = Vector512.FusedMultiplyAdd(c2, factor, term);
                c3 = Vector512.FusedMultiplyAdd(c3, factor, term);
                c4 = Vector512.FusedMultiplyAdd(c4, factor, term);
                c5 = Vector512.FusedMultiplyAdd(c5, factor, term);
                c6 = Vector512.FusedMultiplyAdd(c6, factor, term);
                c7 = Vector512.FusedMultiplyAdd(c7, factor, term);
                c8 = Vector512.FusedMultiplyAdd(c8, factor, term);
                c9 = Vector512.FusedMultiplyAdd(c9, factor, term);
                c10 = Vector512.FusedMultiplyAdd(c10, factor, term);
                c11 = Vector512.FusedMultiplyAdd(c11, factor, term);
                c12 = Vector512.FusedMultiplyAdd(c12, factor, term);
                c13 = Vector512.FusedMultiplyAdd(c13, factor, term);
                c14 = Vector512.FusedMultiplyAdd(c14, factor, term);
                c15 = Vector512.FusedMultiplyAdd(c15, factor, term);
                c16 = Vector512.FusedMultiplyAdd(c16, factor, term);
                c17 = Vector512.FusedMultiplyAdd(c17, factor, term);
                c18 = Vector512.FusedMultiplyAdd(c18, factor, term);
                c19 = Vector512.FusedMultiplyAdd(c19, factor, term);
                c20 = Vector512.FusedMultiplyAdd(c20, factor, term);
                c21 = Vector512.FusedMultiplyAdd(c21, factor, term);
                c22 = Vector512.FusedMultiplyAdd(c22, factor, term);
                c23 = Vector512.FusedMultiplyAdd(c23, factor, term);
            }

            // Whoever computes what nobody reads, computes nothing.
            (c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11 + c12 + c13 + c14 + c15 + c16 + c17 + c18 + c19 + c20 + c21 + c22 + c23).Store(sink);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Eight(float* sink)
        {
            Vector256<float> factor = Vector256.Create(0.999f);
            Vector256<float> term = Vector256.Create(0.001f);
            Vector256<float> c0 = Vector256.Create(0f), c1 = Vector256.Create(1f), c2 = Vector256.Create(2f), c3 = Vector256.Create(3f);
            Vector256<float> c4 = Vector256.Create(4f), c5 = Vector256.Create(5f), c6 = Vector256.Create(6f), c7 = Vector256.Create(7f);
            Vector256<float> c8 = Vector256.Create(8f), c9 = Vector256.Create(9f), c10 = Vector256.Create(10f), c11 = Vector256.Create(11f);
            for (int i = 0; i < Rounds; i++)
            {
                c0 = Vector256.FusedMultiplyAdd(c0, factor, term);
                c1 = Vector256.FusedMultiplyAdd(c1, factor, term);
                c2 = Vector256.FusedMultiplyAdd(c2, factor, term);
                c3 = Vector256.FusedMultiplyAdd(c3, factor, term);
                c4 = Vector256.FusedMultiplyAdd(c4, factor, term);
                c5 = Vector256.FusedMultiplyAdd(c5, factor, term);
                c6 = Vector256.FusedMultiplyAdd(c6, factor, term);
                c7 = Vector256.FusedMultiplyAdd(c7, factor, term);
                c8 = Vector256.FusedMultiplyAdd(c8, factor, term);
                c9 = Vector256.FusedMultiplyAdd(c9, factor, term);
                c10 = Vector256.FusedMultiplyAdd(c10, factor, term);
                c11 = Vector256.FusedMultiplyAdd(c11, factor, term);
            }

            // Whoever computes what nobody reads, computes nothing.
            (c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11).Store(sink);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Four(float* sink)
        {
            Vector128<float> factor = Vector128.Create(0.999f);
            Vector128<float> term = Vector128.Create(0.001f);
            Vector128<float> c0 = Vector128.Create(0f), c1 = Vector128.Create(1f), c2 = Vector128.Create(2f), c3 = Vector128.Create(3f);
            Vector128<float> c4 = Vector128.Create(4f), c5 = Vector128.Create(5f), c6 = Vector128.Create(6f), c7 = Vector128.Create(7f);
            Vector128<float> c8 = Vector128.Create(8f), c9 = Vector128.Create(9f), c10 = Vector128.Create(10f), c11 = Vector128.Create(11f);
            Vector128<float> c12 = Vector128.Create(12f), c13 = Vector128.Create(13f), c14 = Vector128.Create(14f), c15 = Vector128.Create(15f);
            Vector128<float> c16 = Vector128.Create(16f), c17 = Vector128.Create(17f), c18 = Vector128.Create(18f), c19 = Vector128.Create(19f);
            Vector128<float> c20 = Vector128.Create(20f), c21 = Vector128.Create(21f), c22 = Vector128.Create(22f), c23 = Vector128.Create(23f);
            for (int i = 0; i < Rounds; i++)
            {
                c0 = Vector128.FusedMultiplyAdd(c0, factor, term);
                c1 = Vector128.FusedMultiplyAdd(c1, factor, term);
                c2 = Vector128.FusedMultiplyAdd(c2, factor, term);
                c3 = Vector128.FusedMultiplyAdd(c3, factor, term);
                c4 = Vector128.FusedMultiplyAdd(c4, factor, term);
                c5 = Vector128.FusedMultiplyAdd(c5, factor, term);
                c6 = Vector128.FusedMultiplyAdd(c6, factor, term);
                c7 = Vector128.FusedMultiplyAdd(c7, factor, term);
                c8 = Vector128.FusedMultiplyAdd(c8, factor, term);
                c9 = Vector128.FusedMultiplyAdd(c9, factor, term);
                c10 = Vector128.FusedMultiplyAdd(c10, factor, term);
                c11 = Vector128.FusedMultiplyAdd(c11, factor, term);
                c12 = Vector128.FusedMultiplyAdd(c12, factor, term);
                c13 = Vector128.FusedMultiplyAdd(c13, factor, term);
                c14 = Vector128.FusedMultiplyAdd(c14, factor, term);
                c15 = Vector128.FusedMultiplyAdd(c15, factor, term);
                c16 = Vector128.FusedMultiplyAdd(c16, factor, term);
                c17 = Vector128.FusedMultiplyAdd(c17, factor, term);
                c18 = Vector128.FusedMultiplyAdd(c18, factor, term);
                c19 = Vector128.FusedMultiplyAdd(c19, factor, term);
                c20 = Vector128.FusedMultiplyAdd(c20, factor, term);
                c21 = Vector128.FusedMultiplyAdd(c21, factor, term);
                c22 = Vector128.FusedMultiplyAdd(c22, factor, term);
                c23 = Vector128.FusedMultiplyAdd(c23, factor, term);
            }

            // Whoever computes what nobody reads, computes nothing.
            (c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11 + c12 + c13 + c14 + c15 + c16 + c17 + c18 + c19 + c20 + c21 + c22 + c23).Store(sink);
        }
    }
}
