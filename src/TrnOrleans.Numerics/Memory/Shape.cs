namespace TrnOrleans.Numerics.Memory;

/// <summary>Length checks at the door of a kernel: inside it, pointers trust them.</summary>
internal static class Shape
{
    internal static void Check<T>(ReadOnlySpan<T> span, long expected, string name)
    {
        if (span.Length != expected)
        {
            throw new ArgumentException($"{name} has {span.Length} elements; the shape needs {expected}.", name);
        }
    }

    internal static void CheckOptional<T>(ReadOnlySpan<T> span, long expected, string name)
    {
        if (!span.IsEmpty)
        {
            Check(span, expected, name);
        }
    }

    /// <summary>Rows of a matrix given its width; the length must divide.</summary>
    internal static int Rows<T>(ReadOnlySpan<T> span, int width, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (span.Length % width != 0)
        {
            throw new ArgumentException($"{name} has {span.Length} elements, which is not a multiple of its width {width}.", name);
        }

        return span.Length / width;
    }
}
