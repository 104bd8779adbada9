using System.Text.Json;
using System.Text.Json.Nodes;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Grains.Specs;

/// <summary>
/// Makes a complete spec of the defaults, a file and options, each going over the one before. The file may leave anything out; its
/// model may name a "preset" or a "config" (a Hugging Face config.json) and change sizes beside it.
/// </summary>
public static class SpecResolver
{
    private const string Preset = "preset";
    private const string Config = "config";
    private const string DefaultPreset = "gpt-nano";

    /// <summary>Resolves and checks everything but the data.</summary>
    /// <param name="file">Text of the spec file, or null.</param>
    /// <param name="fileName">For messages.</param>
    /// <param name="model">Preset or config.json from the options, or null.</param>
    /// <param name="options">The options as a part of a spec.</param>
    /// <exception cref="InvalidDescriptionException">one sentence about what is wrong.</exception>
    public static RunSpec Resolve(string? file, string fileName, string? model, JsonObject options)
    {
        JsonObject fromFile = file is null ? [] : Parse(file, fileName);

        // Values of options are long and double; read as text they are any number type that is asked for, as in a file.
        options = Parse(options.ToJsonString(), "the options");
        JsonObject fileModel = fromFile["model"] as JsonObject ?? [];
        string? preset = Take(fileModel, Preset, fileName);
        string? config = Take(fileModel, Config, fileName);
        StrictJson.Read<RunSpec>(fromFile.ToJsonString(), fileName);
        if (preset is not null && config is not null)
        {
            throw new InvalidDescriptionException($"{fileName}: model names both a preset and a config; keep one");
        }

        NetworkDescription described =
            model is not null ? Described(model)
            : preset is not null ? Described(preset)
            : config is not null ? HuggingFaceConfig.Read(config)
            : Family(fileModel) is NetworkFamily.Mlp ? Presets.Mlp
            : Family(fileModel) is NetworkFamily.Llama ? Presets.LlamaNano
            : Described(DefaultPreset);
        JsonObject changes = [];
        Merge(changes, fileModel);
        Merge(changes, options["model"] as JsonObject ?? []);
        JsonObject merged = ToObject(SpecDefaults.For(described));
        Merge(merged, fromFile);
        if (options["precision"] is not null)
        {
            // Another recipe is not to keep what the file's differed in from its own.
            merged.Remove("precision");
        }

        Merge(merged, options);
        Derive((JsonObject)merged["model"]!, changes, described.Family);
        DeriveSchedule((JsonObject)merged["training"]!, Both(fromFile, options, "training"));
        RunSpec spec = StrictJson.Read<RunSpec>(merged.ToJsonString(), file is null ? "the options" : fileName);
        SpecCheck.Check(spec);
        PrecisionRecipes.CheckEffects(spec.Precision);
        return spec;
    }

    /// <summary>A preset's name or the path of a config.json.</summary>
    /// <exception cref="InvalidDescriptionException">neither.</exception>
    public static NetworkDescription Described(string model) =>
        Presets.All.TryGetValue(model, out NetworkDescription? known) ? known
        : File.Exists(model) ? HuggingFaceConfig.Read(model)
        : throw new InvalidDescriptionException(
            model.EndsWith(".json", StringComparison.Ordinal) ? $"there is no file {model}"
            : $"there is no model {model}; known are {string.Join(", ", Presets.All.Keys)}, and the path of a Hugging Face config.json");

    private static JsonObject Parse(string text, string name)
    {
        try
        {
            JsonNode? node = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
            JsonObject parsed = node as JsonObject ?? throw new InvalidDescriptionException($"{name} holds no JSON object");

            // Strings are decoded late; half a surrogate pair shows only now.
            _ = parsed.ToJsonString();
            return parsed;
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidDescriptionException($"{name} is not JSON: a string holds half a character", error);
        }
        catch (JsonException error)
        {
            throw new InvalidDescriptionException($"{name} is not JSON: {error.Message.TrimEnd('.')}", error);
        }
    }

    private static string? Take(JsonObject model, string key, string source)
    {
        if (!model.Remove(key, out JsonNode? node) || node is null)
        {
            return null;
        }

        return node.GetValueKind() == JsonValueKind.String
            ? node.GetValue<string>()
            : throw new InvalidDescriptionException($"{source}: model.{key} must be a string");
    }

    private static NetworkFamily? Family(JsonObject model) =>
        model["family"] is { } node ? StrictJson.Read<NetworkFamily>(node.ToJsonString(), "model.family") : null;

    private static JsonObject ToObject(RunSpec spec) => (JsonObject)JsonSerializer.SerializeToNode(spec, StrictJson.Compact)!;

    private static void Merge(JsonObject target, JsonObject changes)
    {
        foreach ((string key, JsonNode? value) in changes)
        {
            if (value is JsonObject inner && target[key] is JsonObject outer)
            {
                Merge(outer, inner);
            }
            else
            {
                target[key] = value?.DeepClone();
            }
        }
    }

    /// <summary>Sizes that follow from others follow them, unless they were given too.</summary>
    private static void Derive(JsonObject model, JsonObject changes, NetworkFamily family)
    {
        if (family == NetworkFamily.Mlp)
        {
            return;
        }

        int width = Integer(model, "width");
        int heads = Integer(model, "heads");
        if ((changes.ContainsKey("width") || changes.ContainsKey("heads")) && !changes.ContainsKey("head_width") && heads > 0)
        {
            if (width % heads != 0)
            {
                throw new InvalidDescriptionException($"a width of {width} does not divide over {heads} heads; choose a multiple of {heads}");
            }

            model["head_width"] = width / heads;
        }

        if (changes.ContainsKey("heads") && !changes.ContainsKey("key_value_heads"))
        {
            model["key_value_heads"] = family == NetworkFamily.Llama && heads % 2 == 0 ? heads / 2 : heads;
        }

        if (changes.ContainsKey("width") && !changes.ContainsKey("hidden"))
        {
            // Llama keeps the size of GPT's two matrices with three of 8/3 width, rounded up to 32.
            model["hidden"] = family == NetworkFamily.Llama ? ((8 * width / 3) + 31) / 32 * 32 : 4 * width;
        }
    }

    /// <summary>Without other word, a cosine warms up over a tenth of the run (at most 100 steps) and ends at a tenth of its rate; a constant rate does neither.</summary>
    private static void DeriveSchedule(JsonObject training, JsonObject given)
    {
        bool cosine = training["schedule"] is JsonValue word && word.TryGetValue(out string? name) && name == "cosine";
        if (!given.ContainsKey("warmup") && training["steps"] is JsonValue value && value.TryGetValue(out long steps))
        {
            training["warmup"] = cosine ? Math.Clamp(steps / 10, 0, 100) : 0;
        }

        if (!given.ContainsKey("min_learning_rate") && training["learning_rate"] is JsonValue rate && rate.TryGetValue(out double full))
        {
            training["min_learning_rate"] = cosine ? full / 10 : 0;
        }
    }

    /// <summary>The keys of a section that the file or the options give.</summary>
    private static JsonObject Both(JsonObject file, JsonObject options, string section)
    {
        JsonObject both = [];
        Merge(both, file[section] as JsonObject ?? []);
        Merge(both, options[section] as JsonObject ?? []);
        return both;
    }

    private static int Integer(JsonObject model, string key) =>
        model[key] is JsonValue value && value.TryGetValue(out int number) ? number
        : throw new InvalidDescriptionException($"model.{key} is {model[key]?.ToJsonString() ?? "missing"}; it must be a whole number between 1 and 16777216");
}
