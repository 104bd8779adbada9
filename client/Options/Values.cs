using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace TrnOrleans.Client.Options;

/// <summary>Options whose complaints are sentences.</summary>
internal static class Values
{
    internal static Option<string?> Text(string name, string helpName, string description)
    {
        Option<string?> option = new(name) { Description = description, HelpName = helpName, Arity = ArgumentArity.ExactlyOne };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value.Length: 0 }])
            {
                result.AddError($"{name} is empty; it takes {helpName}");
            }
        });
        return option;
    }

    internal static Option<bool?> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.Zero, CustomParser = _ => true };

    internal static Option<long?> Whole(string name, string description) =>
        Parsed<long?>(name, description, "a whole number", text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : null);

    internal static Option<long?> Bytes(string name, string description)
    {
        Option<long?> option = Parsed<long?>(name, description, "a number of bytes such as 4096, 64KB or 1GB", text => ByteCount.Parse(text));
        option.HelpName = "SIZE";
        return option;
    }

    internal static Option<ulong?> Natural(string name, string description) =>
        Parsed<ulong?>(name, description, "a whole number of at least 0", text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null);

    internal static Option<double?> Number(string name, string description) =>
        Parsed<double?>(name, description, "a number", text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null);

    internal static Option<string?> Word(string name, string description, params string[] words)
    {
        Option<string?> option = Parsed(name, description, string.Join(" or ", words), text => words.Contains(text) ? text : null);
        option.HelpName = string.Join('|', words);
        option.CompletionSources.Add(words);
        return option;
    }

    internal static Option<int[]?> Sizes(string name, string description)
    {
        Option<int[]?> option = Parsed(name, description, "whole numbers with commas between them", text =>
        {
            string[] parts = text.Split(',');
            int[] sizes = [.. parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : -1)];
            return sizes.Contains(-1) ? null : sizes;
        });
        option.HelpName = "N,N,…";
        return option;
    }

    private static Option<T?> Parsed<T>(string name, string description, string wanted, Func<string, T?> parse) =>
        new(name)
        {
            Description = description,
            HelpName = "N",
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : string.Empty;
                if (parse(text) is { } value)
                {
                    return value;
                }

                ((SymbolResult)result).AddError($"{name} takes {wanted}, not {(text.Length == 0 ? "nothing" : text)}");
                return default;
            },
        };
}
