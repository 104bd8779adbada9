using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Bits;

/// <summary>Elementary functions over their whole ranges.</summary>
internal static class ElementaryBits
{
    private const int Count = 4096;

    internal static void AddTo(DigestList list)
    {
        list.Add("VectorMath.Exp", Map(list.Input(Count, -110, 95), VectorMath.Exp));
        list.Add("VectorMath.Tanh", Map(list.Input(Count, -12, 12), VectorMath.Tanh));
        list.Add("VectorMath.Sigmoid", Map(list.Input(Count, -95, 95), VectorMath.Sigmoid));
        list.Add("VectorMath.Log", Map(AnyPositive(list), VectorMath.Log));
        list.Add("VectorMath.ReciprocalSquareRoot", Map(AnyPositive(list), VectorMath.ReciprocalSquareRoot));
        list.Add("ScalarMath.Exp", Map(list.Input(Count, -750, 715), ScalarMath.Exp));
        list.Add("ScalarMath.Log", Map(AnyPositive(list), ScalarMath.Log));
        list.Add("ScalarMath.Sin", Map(list.Input(Count, -1e5, 1e5), ScalarMath.Sin));
        list.Add("ScalarMath.Cos", Map(list.Input(Count, -1e5, 1e5), ScalarMath.Cos));
        list.Add("ScalarMath.Pow", Map(list.Input(Count, 0.01, 50), x => ScalarMath.Pow(x, 3.7)));
        list.Add("ScalarMath.IntegerPow", Map(list.Input(Count, 0.5, 1.5), x => ScalarMath.Pow(x, 123L)));
        CounterRandom random = list.NextRandom();
        list.Add("CounterRandom.Normal", [.. Enumerable.Range(0, Count).Select(i => random.Normal((ulong)i))]);
    }

    /// <summary>Every exponent alike, subnormals too, from the bits themselves.</summary>
    private static float[] AnyPositive(DigestList list)
    {
        CounterRandom random = list.NextRandom();
        float[] values = new float[Count];
        for (int i = 0; i < Count; i++)
        {
            float value = BitConverter.UInt32BitsToSingle((uint)random.Bits((ulong)i) & 0x7FFFFFFF);

            // The bits of a NaN are no part of the promise.
            values[i] = float.IsFinite(value) ? value : 1f;
        }

        return values;
    }

    private static float[] Map(float[] x, Func<Vector512<float>, Vector512<float>> function)
    {
        float[] y = new float[x.Length];
        for (int i = 0; i < x.Length; i += 16)
        {
            function(Vector512.Create<float>(x.AsSpan(i, 16))).CopyTo(y, i);
        }

        return y;
    }

    private static double[] Map(float[] x, Func<double, double> function) => [.. x.Select(value => function(value))];
}
