using System.Text.Json;
using TrnOrleans.Numerics.Attention;

namespace TrnOrleans.Models.Descriptions;

/// <summary>Reads a Hugging Face config.json of GPT2LMHeadModel or LlamaForCausalLM as a description; what we cannot execute is refused by name.</summary>
public static class HuggingFaceConfig
{
    private const long LargestFile = 1 << 20;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDescriptionException">not there, not JSON, another architecture, or an option that would compute something else.</exception>
    public static NetworkDescription Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LargestFile)
            {
                throw new InvalidDescriptionException($"{path} is larger than 1 MiB; it does not look like a config.json");
            }

            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Parse(document.RootElement, path);
        }
        catch (JsonException error)
        {
            throw new InvalidDescriptionException($"{path} is not JSON: {FirstSentence(error.Message)}", error);
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidDescriptionException($"{path} is not JSON: a string is not Unicode text", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException($"cannot read {path}: {Weights.SafetensorsReader.Reason(error)}", error);
        }
    }

    /// <summary>The description that a parsed configuration means; <paramref name="path"/> is for messages.</summary>
    public static NetworkDescription Parse(JsonElement root, string path)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDescriptionException($"{path} holds no JSON object; it does not look like a config.json");
        }

        Fields fields = new(root, path);
        string? architecture = root.TryGetProperty("architectures", out JsonElement list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            && list[0].ValueKind == JsonValueKind.String
            ? list[0].GetString()
            : null;
        NetworkDescription description = (architecture, fields.Text("model_type", string.Empty)) switch
        {
            ("LlamaForCausalLM", _) or (null, "llama") => Llama(fields),
            ("GPT2LMHeadModel", _) or (null, "gpt2") => Gpt(fields),
            (string other, _) => throw new InvalidDescriptionException($"{path} describes {other}; LlamaForCausalLM and GPT2LMHeadModel can be executed"),
            _ => throw new InvalidDescriptionException($"{path} names no architecture; it needs \"architectures\": [\"LlamaForCausalLM\"] or [\"GPT2LMHeadModel\"]"),
        };
        DescriptionCheck.Check(description);
        return description;
    }

    internal static string FirstSentence(string message)
    {
        int end = message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? message.TrimEnd('.') : message[..end];
    }

    private static NetworkDescription Llama(Fields f)
    {
        f.Only("hidden_act", "silu");
        f.Only("attention_bias", false);
        f.Only("mlp_bias", false);
        int heads = f.Integer("num_attention_heads");
        int width = f.Integer("hidden_size");
        return new NetworkDescription
        {
            Family = NetworkFamily.Llama,
            Layers = f.Integer("num_hidden_layers"),
            Heads = heads,
            KeyValueHeads = f.Integer("num_key_value_heads", heads),
            Width = width,
            HeadWidth = f.Integer("head_dim", heads > 0 ? width / heads : 0),
            Hidden = f.Integer("intermediate_size"),
            Context = f.Integer("max_position_embeddings"),
            Vocabulary = f.Integer("vocab_size"),
            Tied = f.Flag("tie_word_embeddings", false),
            NormEpsilon = (float)f.Number("rms_norm_eps", 1e-6),
            RopeTheta = f.Number("rope_theta", 10000),
            RopeScaling = Scaling(f),
            InitializerRange = f.Number("initializer_range", 0.02),
        };
    }

    private static NetworkDescription Gpt(Fields f)
    {
        f.Only("activation_function", "gelu_new");
        f.Only("scale_attn_by_inverse_layer_idx", false);
        f.Only("tie_word_embeddings", true);
        f.Only("scale_attn_weights", true);
        int heads = f.Integer("n_head", 12);
        int width = f.Integer("n_embd", 768);
        return new NetworkDescription
        {
            Family = NetworkFamily.Gpt,
            Layers = f.Integer("n_layer", 12),
            Heads = heads,
            KeyValueHeads = heads,
            Width = width,
            HeadWidth = heads > 0 ? width / heads : 0,
            Hidden = f.Integer("n_inner", 4 * width),
            Context = f.Integer("n_positions", 1024),
            Vocabulary = f.Integer("vocab_size", 50257),
            Tied = true,
            NormEpsilon = (float)f.Number("layer_norm_epsilon", 1e-5),
            InitializerRange = f.Number("initializer_range", 0.02),
        };
    }

    private static RotaryScaling? Scaling(Fields f)
    {
        if (f.Object("rope_scaling") is not { } s)
        {
            return null;
        }

        string type = s.Text("rope_type", s.Text("type", "missing"));
        if (type == "default")
        {
            return null;
        }

        return type == "llama3"
            ? new RotaryScaling(
                s.Number("factor"), s.Number("low_freq_factor"), s.Number("high_freq_factor"), s.Integer("original_max_position_embeddings"))
            : throw new InvalidDescriptionException($"{f.Path} asks for rope_scaling of type {type}; \"llama3\" and none can be executed");
    }

    /// <summary>Typed access to the fields of an object, with sentences for what is missing or of another type.</summary>
    private readonly struct Fields(JsonElement element, string path)
    {
        internal string Path => path;

        internal int Integer(string name, int? fallback = null) =>
            Find(name) is not { } e ? fallback ?? throw Missing(name)
            : e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out int value) ? value
            : throw Wrong(name, "a whole number");

        internal double Number(string name, double? fallback = null) =>
            Find(name) is not { } e ? fallback ?? throw Missing(name)
            : e.ValueKind == JsonValueKind.Number ? e.GetDouble()
            : throw Wrong(name, "a number");

        internal bool Flag(string name, bool fallback) =>
            Find(name) is not { } e ? fallback
            : e.ValueKind is JsonValueKind.True or JsonValueKind.False ? e.GetBoolean()
            : throw Wrong(name, "true or false");

        internal string Text(string name, string fallback) =>
            Find(name) is not { } e ? fallback
            : e.ValueKind == JsonValueKind.String ? e.GetString()!
            : throw Wrong(name, "a string");

        internal Fields? Object(string name) =>
            Find(name) is not { } e ? null
            : e.ValueKind == JsonValueKind.Object ? new Fields(e, path)
            : throw Wrong(name, "an object");

        internal void Only(string name, string value)
        {
            if (Text(name, value) is string found && found != value)
            {
                throw new InvalidDescriptionException($"{path} has {name} {found}; only {value} can be executed");
            }
        }

        internal void Only(string name, bool value)
        {
            if (Flag(name, value) != value)
            {
                throw new InvalidDescriptionException($"{path} has {name} {(value ? "false" : "true")}; only {(value ? "true" : "false")} can be executed");
            }
        }

        private JsonElement? Find(string name) =>
            element.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.Null ? found : null;

        private InvalidDescriptionException Missing(string name) => new($"{path} has no {name}");

        private InvalidDescriptionException Wrong(string name, string wanted) => new($"{path} has {name} that is not {wanted}");
    }
}
