using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Numerics.Memory;

/// <summary>
/// The sum of many buffers in one pass over memory, in the shape of a tree over their index: neighbours in pairs, level by level, a node
/// without a right neighbour moving up as it is. The same bits as folding them pair by pair.
/// </summary>
public static unsafe class TreeSum
{
    // So many buffers are a whole subtree, and their sum stays in registers.
    private const int Group = 8;

    // Partial sums of this many floats: a stack of a dozen stays in the second-level cache.
    private const int Chunk = 1024;

    // Subtrees of 2^0 … 2^23 buffers.
    private const int MostLevels = 24;

    /// <summary>target[i] = tree sum over b of sources[b][offset + i].</summary>
    /// <param name="sources">At least one buffer; all longer than offset + the target's length.</param>
    /// <param name="offset">First float in each source.</param>
    /// <param name="target">May be the window of the first source.</param>
    public static void Compute(ReadOnlySpan<AlignedBuffer> sources, long offset, Span<float> target)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sources.Length, nameof(sources));
        nint* starts = stackalloc nint[sources.Length];
        for (int i = 0; i < sources.Length; i++)
        {
            fixed (float* start = sources[i].Span(offset, target.Length))
            {
                // Outside the managed heap: it stays where it is.
                starts[i] = (nint)start;
            }
        }

        fixed (float* start = target)
        {
            Pieces work = new() { Sources = starts, Count = sources.Length, Target = start, Length = target.Length };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(target.Length), ref work);
        }
    }

    private struct Pieces : IPieces
    {
        internal nint* Sources;
        internal int Count;
        internal float* Target;
        internal long Length;

        [SkipLocalsInit]
        public readonly void Run(int piece)
        {
            nint start = (nint)piece * ElementBlocks.Length;
            int length = ElementBlocks.LengthOf(piece, Length);
            if (Count == 1)
            {
                // Nothing to add, and in place nothing to move.
                new ReadOnlySpan<float>((float*)Sources[0] + start, length).CopyTo(new Span<float>(Target + start, length));
                return;
            }

            int depth = BitOperations.Log2((uint)Count) + 1;
            float* stack = stackalloc float[depth * Chunk];
            for (int done = 0; done < length; done += Chunk)
            {
                SumChunk(start + done, Math.Min(Chunk, length - done), stack);
            }
        }

        /// <summary>
        /// Like a binary counter: a subtree is merged with the one before it as soon as both have the same height. The lowest partial sum is
        /// the target itself: when that is the first source, the first subtree has read it already.
        /// </summary>
        private readonly void SumChunk(nint at, int length, float* stack)
        {
            int* levels = stackalloc int[MostLevels];
            int held = 0;
            for (int next = 0; next < Count;)
            {
                float* top = Place(held, at, stack);
                int left = Count - next;
                int level = left >= Group ? 3 : BitOperations.Log2((uint)left);
                switch (level)
                {
                    case 3:
                        AddEight(Sources + next, at, top, length);
                        break;
                    case 2:
                        AddFour(Sources + next, at, top, length);
                        break;
                    case 1:
                        AddTwo((float*)Sources[next] + at, (float*)Sources[next + 1] + at, top, length);
                        break;
                    default:
                        new ReadOnlySpan<float>((float*)Sources[next] + at, length).CopyTo(new Span<float>(top, length));
                        break;
                }

                levels[held++] = level;
                next += 1 << level;
                while (held >= 2 && levels[held - 1] == levels[held - 2])
                {
                    held--;
                    AddTwo(Place(held - 1, at, stack), Place(held, at, stack), Place(held - 1, at, stack), length);
                    levels[held - 1]++;
                }
            }

            for (; held >= 2; held--)
            {
                AddTwo(Place(held - 2, at, stack), Place(held - 1, at, stack), Place(held - 2, at, stack), length);
            }
        }

        private readonly float* Place(int index, nint at, float* stack) => index == 0 ? Target + at : stack + (index * Chunk);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void AddEight(nint* sources, nint at, float* target, int length)
        {
            float* a = (float*)sources[0] + at, b = (float*)sources[1] + at, c = (float*)sources[2] + at, d = (float*)sources[3] + at;
            float* e = (float*)sources[4] + at, f = (float*)sources[5] + at, g = (float*)sources[6] + at, h = (float*)sources[7] + at;
            for (int i = 0; i < length; i += Lanes.Width)
            {
                int left = length - i;
                Vector512<float> low = (Lanes.Load(a + i, left) + Lanes.Load(b + i, left)) + (Lanes.Load(c + i, left) + Lanes.Load(d + i, left));
                Vector512<float> high = (Lanes.Load(e + i, left) + Lanes.Load(f + i, left)) + (Lanes.Load(g + i, left) + Lanes.Load(h + i, left));
                Lanes.Store(low + high, target + i, left);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void AddFour(nint* sources, nint at, float* target, int length)
        {
            float* a = (float*)sources[0] + at, b = (float*)sources[1] + at, c = (float*)sources[2] + at, d = (float*)sources[3] + at;
            for (int i = 0; i < length; i += Lanes.Width)
            {
                int left = length - i;
                Lanes.Store(
                    (Lanes.Load(a + i, left) + Lanes.Load(b + i, left)) + (Lanes.Load(c + i, left) + Lanes.Load(d + i, left)), target + i, left);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void AddTwo(float* a, float* b, float* target, int length)
        {
            for (int i = 0; i < length; i += Lanes.Width)
            {
                int left = length - i;
                Lanes.Store(Lanes.Load(a + i, left) + Lanes.Load(b + i, left), target + i, left);
            }
        }
    }
}
