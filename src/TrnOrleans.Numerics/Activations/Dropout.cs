using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Activations;

/// <summary>
/// Inverted dropout: an element is zero with the given probability, else divided by what is left. Whether it falls is a pure function of
/// (seed, layer, step, index of the element in the global batch), so it is the same for any split over chips, and nothing is stored.
/// </summary>
public static unsafe class Dropout
{
    /// <summary>x[i] becomes 0 or x[i] / (1 − probability), in place. The backward pass is the same call on the gradient.</summary>
    /// <param name="x">Any length; element i has the index firstIndex + i.</param>
    /// <param name="probability">In [0, 1); 0 changes nothing.</param>
    /// <param name="random">Seed, layer and step.</param>
    /// <param name="firstIndex">Index of x[0] in the global batch; a multiple of 4.</param>
    /// <exception cref="ArgumentOutOfRangeException">the probability or the index is outside its range; x is untouched.</exception>
    public static void Apply(Span<float> x, float probability, CounterRandom random, ulong firstIndex)
    {
        if (!(probability >= 0 && probability < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "a probability of dropping is in [0, 1)");
        }

        if (firstIndex % 4 != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(firstIndex), firstIndex, "four elements share one random block");
        }

        if (probability == 0)
        {
            return;
        }

        fixed (float* px = x)
        {
            Pieces work = new()
            {
                X = px,
                Length = x.Length,
                Threshold = (uint)(probability * 4294967296.0),
                Scale = 1f / (1f - probability),
                Random = random,
                FirstBlock = firstIndex / 4,
            };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(x.Length), ref work);
        }
    }

    private struct Pieces : IPieces
    {
        internal float* X;
        internal long Length;
        internal uint Threshold;
        internal float Scale;
        internal CounterRandom Random;
        internal ulong FirstBlock;

        public readonly void Run(int piece)
        {
            float* x = X + ((nint)piece * ElementBlocks.Length);
            ulong block = FirstBlock + ((ulong)piece * (ElementBlocks.Length / 4));
            int length = ElementBlocks.LengthOf(piece, Length);
            for (int i = 0; i < length; i += 4, block++)
            {
                (uint a, uint b, uint c, uint d) = Random.Words(block);
                Keep(x + i, a);
                if (i + 1 < length)
                {
                    Keep(x + i + 1, b);
                }

                if (i + 2 < length)
                {
                    Keep(x + i + 2, c);
                }

                if (i + 3 < length)
                {
                    Keep(x + i + 3, d);
                }
            }
        }

        private readonly void Keep(float* x, uint draw) => *x = draw < Threshold ? 0f : *x * Scale;
    }
}
