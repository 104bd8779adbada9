using System.CommandLine;
using System.Text.Json.Nodes;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Client.Options;

/// <summary>The options that together make a spec; each writes one key of it, over what the spec file says.</summary>
internal sealed class SpecOptions
{
    private readonly List<ISpecOption> _options = [];
    private readonly Option<string?> _spec = Values.Text("--spec", "FILE", "The run as JSON (what `trn spec` prints); options go over it.");
    private readonly Option<string?> _model = Values.Text("--model", "NAME|FILE", $"{string.Join(", ", Presets.All.Keys)}, or a Hugging Face config.json of Llama or GPT-2.");
    private readonly Option<double?> _epochs = Values.Number("--epochs", "Length in passes over the training data, instead of --steps.");
    private readonly Option<string?> _init = Values.Text("--init", "FILE", "Start from these weights (safetensors with Hugging Face's names).");

    internal SpecOptions()
    {
        Add(Values.Whole("--layers", "Transformer blocks."), "model", "layers");
        Add(Values.Whole("--heads", "Query heads."), "model", "heads");
        Add(Values.Whole("--kv-heads", "Key and value heads (llama)."), "model", "key_value_heads");
        Add(Values.Whole("--width", "Floats in a row of the residual stream."), "model", "width");
        Add(Values.Whole("--head-width", "Floats in a head."), "model", "head_width");
        Add(Values.Whole("--hidden", "Floats in the feed-forward layer."), "model", "hidden");
        Add(Values.Whole("--context", "Tokens in a sequence."), "model", "context");
        Add(Values.Whole("--vocabulary", "Tokens known; by default the data's."), "model", "vocabulary");
        Add(Values.Sizes("--sizes", "Sizes of an mlp from input to output, such as 784,128,10."), "model", "sizes");
        Add(Values.Number("--dropout", "Share of elements dropped in training."), "model", "dropout");
        Add(Values.Word("--precision", "Number formats: a recipe. A spec file can differ from it; with this option, what it says of formats does not count.", [.. PrecisionRecipes.Names]), "precision", "recipe");
        Add(Values.Text("--data", "NAME|PATH", "source (this project's own code), a text file, a folder of IDX files, or a name from `trn data`."), "data", "source");
        Add(Values.Word("--order", "Order of training samples.", "random", "sequential"), "data", "order");
        Add(Values.Number("--validation-fraction", "Share of a text, at its end, that validates."), "data", "validation_fraction");
        Add(Values.Whole("--ultraservers", "UltraServers; each holds a replica."), "cluster", "ultraservers");
        Add(Values.Whole("--chips", "Chips in each UltraServer, up to 144."), "cluster", "chips");
        Add(Values.Whole("--steps", "Length of the run."), "training", "steps");
        Add(Values.Whole("--batch", "Global batch, in sequences or samples; divides over the chips."), "training", "batch");
        Add(Values.Number("--learning-rate", "Full learning rate."), "training", "learning_rate");
        Add(Values.Number("--min-learning-rate", "Where a cosine ends."), "training", "min_learning_rate");
        Add(Values.Word("--schedule", "Shape of the learning rate after the warm-up.", "constant", "cosine"), "training", "schedule");
        Add(Values.Whole("--warmup", "Steps of the warm-up."), "training", "warmup");
        Add(Values.Number("--clip", "Largest global norm of a gradient; 0 for no clipping."), "training", "clip");
        Add(Values.Natural("--seed", "Decides weights, batches and dropout."), "training", "seed");
        Add(Values.Whole("--eval-every", "Steps between validations; 0 for one at the end."), "training", "eval_every");
        Add(Values.Word("--optimizer", "Optimizer.", "adamw", "sgd"), "optimizer", "kind");
        Add(Values.Number("--weight-decay", "Weight decay, on matrices only."), "optimizer", "weight_decay");
        Add(Values.Flag("--decay-all", "Weight decay on vectors too."), "optimizer", "decay_all");
        Add(Values.Number("--beta1", "AdamW's decay of the first moment."), "optimizer", "beta1");
        Add(Values.Number("--beta2", "AdamW's decay of the second moment."), "optimizer", "beta2");
        Add(Values.Number("--momentum", "SGD's momentum."), "optimizer", "momentum");
    }

    private interface ISpecOption
    {
        Option Option { get; }

        void Write(ParseResult result, JsonObject spec);
    }

    /// <summary>Puts all of them on a command.</summary>
    internal void AddTo(Command command)
    {
        command.Options.Add(_spec);
        command.Options.Add(_model);
        foreach (ISpecOption option in _options)
        {
            command.Options.Add(option.Option);
        }

        command.Options.Add(_epochs);
        command.Options.Add(_init);
    }

    /// <summary>The resolved spec, checked in all that needs no data.</summary>
    /// <exception cref="InvalidDescriptionException">one sentence about what is wrong.</exception>
    internal RunSpec Resolve(ParseResult result)
    {
        JsonObject changes = [];
        foreach (ISpecOption option in _options)
        {
            option.Write(result, changes);
        }

        if (result.GetValue(_init) is { } init)
        {
            changes["init"] = new JsonObject { ["path"] = init };
        }

        string? path = result.GetValue(_spec);
        return SpecResolver.Resolve(path is null ? null : Read(path), path ?? "the options", result.GetValue(_model), changes);
    }

    /// <summary>The length in epochs, when it was given so.</summary>
    /// <exception cref="InvalidDescriptionException">not above 0, or steps were given as well.</exception>
    internal double? Epochs(ParseResult result)
    {
        if (result.GetValue(_epochs) is not { } epochs)
        {
            return null;
        }

        if (epochs is not (> 0 and < 1e9))
        {
            throw new InvalidDescriptionException($"--epochs is {epochs}; it must be a number above 0");
        }

        return result.GetResult("--steps") is null ? epochs : throw new InvalidDescriptionException("--epochs and --steps are both given; keep one");
    }

    /// <summary>The text of a spec file.</summary>
    /// <exception cref="InvalidDescriptionException">it cannot be read.</exception>
    internal static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException($"cannot read the spec {path}: {Failures.Reason(error)}", error);
        }
    }

    private void Add<T>(Option<T> option, string section, string key) => _options.Add(new SpecOption<T>(option, section, key));

    private sealed record SpecOption<T>(Option<T> Typed, string Section, string Key) : ISpecOption
    {
        public Option Option => Typed;

        public void Write(ParseResult result, JsonObject spec)
        {
            if (result.GetResult(Typed) is not { Implicit: false } || result.GetValue(Typed) is not { } value)
            {
                return;
            }

            if (value is double number && !double.IsFinite(number))
            {
                throw new InvalidDescriptionException($"{Typed.Name} is {number}; it must be a finite number");
            }

            JsonObject section = spec[Section] as JsonObject ?? [];
            spec[Section] = section;
            section[Key] = value is int[] sizes ? new JsonArray([.. sizes.Select(s => (JsonNode)s)]) : JsonValue.Create(value);
        }
    }
}
