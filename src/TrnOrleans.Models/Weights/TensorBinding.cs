using TrnOrleans.Models.Networks;

namespace TrnOrleans.Models.Weights;

/// <summary>A tensor of a weight file and the rows of a parameter that it is.</summary>
/// <param name="FileName">Name in the file, Hugging Face's.</param>
/// <param name="Parameter">Where it belongs.</param>
/// <param name="FirstRow">First row of the parameter.</param>
/// <param name="Rows">Rows of the parameter.</param>
/// <param name="Transposed">Whether the file holds columns × rows.</param>
/// <param name="Shape">Shape in the file.</param>
public sealed record TensorBinding(string FileName, Parameter Parameter, int FirstRow, int Rows, bool Transposed, IReadOnlyList<long> Shape)
{
    /// <summary>Number of floats.</summary>
    public int Length => checked(Rows * Parameter.Columns);

    /// <summary>First float in the flat weights.</summary>
    public long Offset => Parameter.Offset + ((long)FirstRow * Parameter.Columns);

    internal static TensorBinding Matrix(string fileName, Parameter parameter, int firstRow, int rows, bool transposed) =>
        new(fileName, parameter, firstRow, rows, transposed, transposed ? [parameter.Columns, rows] : [rows, parameter.Columns]);

    internal static TensorBinding Vector(string fileName, Parameter parameter) =>
        new(fileName, parameter, 0, 1, false, [parameter.Length]);

    /// <summary>Values of the file, row-major in the file's shape, into rows of the parameter.</summary>
    internal void FromFile(ReadOnlySpan<float> file, Span<float> rows) => Move(file, rows, intoFile: false);

    /// <summary>Rows of the parameter into the file's shape.</summary>
    internal void ToFile(ReadOnlySpan<float> rows, Span<float> file) => Move(rows, file, intoFile: true);

    private void Move(ReadOnlySpan<float> source, Span<float> target, bool intoFile)
    {
        if (!Transposed)
        {
            source.CopyTo(target);
            return;
        }

        int columns = Parameter.Columns;
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                int here = (row * columns) + column;
                int there = (column * Rows) + row;
                target[intoFile ? there : here] = source[intoFile ? here : there];
            }
        }
    }
}
