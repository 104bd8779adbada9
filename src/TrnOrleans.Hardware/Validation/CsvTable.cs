using System.Globalization;
using Microsoft.VisualBasic.FileIO;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Validation;

/// <summary>A table of measurements as it was published: names of columns, and rows of text.</summary>
public sealed class CsvTable
{
    private readonly Dictionary<string, int> _columns;

    private CsvTable(string name, string[] columns, IReadOnlyList<string[]> rows)
    {
        (Name, Rows) = (name, rows);
        _columns = columns.Index().ToDictionary(c => c.Item.Trim(), c => c.Index, StringComparer.Ordinal);
    }

    /// <summary>Of the file, without folder and ending.</summary>
    public string Name { get; }

    /// <summary>As many fields each as there are columns.</summary>
    public IReadOnlyList<string[]> Rows { get; }

    /// <summary>Reads a table.</summary>
    /// <exception cref="InvalidDescriptionException">no table; one sentence.</exception>
    public static CsvTable Read(Stream stream, string name)
    {
        using TextFieldParser parser = new(stream) { TextFieldType = FieldType.Delimited, HasFieldsEnclosedInQuotes = true };
        parser.SetDelimiters(",");
        try
        {
            string[] columns = parser.ReadFields() ?? throw new InvalidDescriptionException($"{name} is empty; its first line names columns");
            if (columns.Distinct(StringComparer.Ordinal).Count() < columns.Length)
            {
                throw new InvalidDescriptionException($"{name} names a column twice");
            }

            List<string[]> rows = [];
            while (!parser.EndOfData)
            {
                long line = parser.LineNumber;
                string[] row = parser.ReadFields()!;
                if (row.Length != columns.Length)
                {
                    throw new InvalidDescriptionException($"{name}, line {line}: {row.Length} fields, and there are {columns.Length} columns");
                }

                rows.Add(row);
            }

            return rows.Count > 0 ? new CsvTable(Path.GetFileNameWithoutExtension(name), columns, rows) : throw new InvalidDescriptionException($"{name} has no rows");
        }
        catch (MalformedLineException error)
        {
            throw new InvalidDescriptionException($"{name}, line {error.LineNumber}: a quote is not closed", error);
        }
    }

    /// <summary>Whether all of these columns are there.</summary>
    public bool Has(params ReadOnlySpan<string> columns)
    {
        foreach (string column in columns)
        {
            if (!_columns.ContainsKey(column))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A field; empty where there is no such column.</summary>
    public string Text(string[] row, string column) => _columns.TryGetValue(column, out int index) ? row[index].Trim() : string.Empty;

    /// <summary>A positive number.</summary>
    /// <exception cref="InvalidDescriptionException">it is none.</exception>
    public double Number(string[] row, string column) =>
        double.TryParse(Text(row, column), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > 0 && double.IsFinite(value)
            ? value
            : throw new InvalidDescriptionException($"{Name}, row {Rows.Index().First(r => r.Item == row).Index + 1}: {column} is \"{Text(row, column)}\"; it takes a number above 0");

    /// <summary>A positive whole number.</summary>
    /// <exception cref="InvalidDescriptionException">it is none.</exception>
    public int Whole(string[] row, string column)
    {
        double value = Number(row, column);
        return value == Math.Floor(value) && value <= int.MaxValue
            ? (int)value
            : throw new InvalidDescriptionException($"{Name}, row {Rows.Index().First(r => r.Item == row).Index + 1}: {column} is {value}; it takes a whole number");
    }
}
