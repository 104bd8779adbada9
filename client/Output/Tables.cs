using Spectre.Console;

namespace TrnOrleans.Client.Output;

/// <summary>Tables that keep their lines whole.</summary>
internal static class Tables
{
    private const int WidthElsewhere = 240;

    /// <summary>A table whose cells are not broken over lines.</summary>
    internal static Table Create(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }

        return table;
    }

    /// <summary>Writes it; into a file or a pipe as wide as it is.</summary>
    internal static void Write(Table table)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthElsewhere;
        }

        AnsiConsole.Write(table);
    }
}
