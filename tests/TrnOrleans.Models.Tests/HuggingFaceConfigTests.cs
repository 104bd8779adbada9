using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Attention;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

public class HuggingFaceConfigTests
{
    private const string Llama2 =
        """
        {"architectures":["LlamaForCausalLM"],"bos_token_id":1,"eos_token_id":2,"hidden_act":"silu","hidden_size":4096,"initializer_range":0.02,
        "intermediate_size":11008,"max_position_embeddings":4096,"model_type":"llama","num_attention_heads":32,"num_hidden_layers":32,
        "num_key_value_heads":32,"pretraining_tp":1,"rms_norm_eps":1e-05,"rope_scaling":null,"tie_word_embeddings":false,
        "torch_dtype":"float16","use_cache":true,"vocab_size":32000}
        """;

    private const string Llama31 =
        """
        {"architectures":["LlamaForCausalLM"],"attention_bias":false,"attention_dropout":0.0,"hidden_act":"silu","hidden_size":4096,"initializer_range":0.02,
        "intermediate_size":14336,"max_position_embeddings":131072,"mlp_bias":false,"model_type":"llama","num_attention_heads":32,"num_hidden_layers":32,
        "num_key_value_heads":8,"rms_norm_eps":1e-05,
        "rope_scaling":{"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192,"rope_type":"llama3"},
        "rope_theta":500000.0,"tie_word_embeddings":false,"torch_dtype":"bfloat16","vocab_size":128256}
        """;

    private const string Gpt2 =
        """
        {"activation_function":"gelu_new","architectures":["GPT2LMHeadModel"],"attn_pdrop":0.1,"bos_token_id":50256,"embd_pdrop":0.1,"initializer_range":0.02,
        "layer_norm_epsilon":1e-05,"model_type":"gpt2","n_ctx":1024,"n_embd":768,"n_head":12,"n_layer":12,"n_positions":1024,"resid_pdrop":0.1,"vocab_size":50257}
        """;

    [Fact]
    public void Llama_2_of_7_billion_parameters_is_read()
    {
        NetworkDescription d = Read(Llama2);
        Assert.Equal((NetworkFamily.Llama, 32, 32, 32, 4096, 128), (d.Family, d.Layers, d.Heads, d.KeyValueHeads, d.Width, d.HeadWidth));
        Assert.Equal((11008, 4096, 32000, false), (d.Hidden, d.Context, d.Vocabulary, d.Tied));
        Assert.Equal((1e-5f, 10000.0, null), (d.NormEpsilon, d.RopeTheta, d.RopeScaling));
        Assert.Equal(6_738_415_616, NetworkFactory.Create(d).Layout.Count);
    }

    [Fact]
    public void Llama_3_1_has_its_stretched_rotary_positions()
    {
        NetworkDescription d = Read(Llama31);
        Assert.Equal((8, 128256, 131072, 500000.0), (d.KeyValueHeads, d.Vocabulary, d.Context, d.RopeTheta));
        Assert.Equal(new RotaryScaling(8, 1, 4, 8192), d.RopeScaling);
        Assert.Equal(8_030_261_248, NetworkFactory.Create(d with { Context = 64 }).Layout.Count);
    }

    [Fact]
    public void Gpt_2_is_read()
    {
        NetworkDescription d = Read(Gpt2);
        Assert.Equal((NetworkFamily.Gpt, 12, 12, 12, 768, 64), (d.Family, d.Layers, d.Heads, d.KeyValueHeads, d.Width, d.HeadWidth));
        Assert.Equal((3072, 1024, 50257, true), (d.Hidden, d.Context, d.Vocabulary, d.Tied));
        Network network = NetworkFactory.Create(d);
        Assert.Equal(124_439_808, network.Layout.Count);
    }

    [Fact]
    public void A_head_width_and_the_default_scaling_are_understood()
    {
        Assert.Equal(64, Read(Llama2.Replace("\"use_cache\"", "\"head_dim\":64,\"use_cache\"", StringComparison.Ordinal)).HeadWidth);
        Assert.Null(Read(Llama2.Replace("\"rope_scaling\":null", "\"rope_scaling\":{\"rope_type\":\"default\"}", StringComparison.Ordinal)).RopeScaling);
    }

    [Theory]
    [InlineData("LlamaForCausalLM", "MistralForCausalLM", "describes MistralForCausalLM")]
    [InlineData("\"hidden_act\":\"silu\"", "\"hidden_act\":\"gelu\"", "hidden_act gelu; only silu")]
    [InlineData("\"attention_bias\":false", "\"attention_bias\":true", "attention_bias true; only false")]
    [InlineData("\"mlp_bias\":false", "\"mlp_bias\":true", "mlp_bias true; only false")]
    [InlineData("\"llama3\"", "\"linear\"", "rope_scaling of type linear")]
    [InlineData("\"rope_type\"", "\"other\"", "rope_scaling of type missing")]
    [InlineData("\"factor\"", "\"faktor\"", "has no factor")]
    [InlineData("\"hidden_size\":4096,", "", "has no hidden_size")]
    [InlineData("\"num_hidden_layers\":32", "\"num_hidden_layers\":\"32\"", "num_hidden_layers that is not a whole number")]
    [InlineData("\"num_hidden_layers\":32", "\"num_hidden_layers\":32.5", "num_hidden_layers that is not a whole number")]
    [InlineData("\"num_hidden_layers\":32", "\"num_hidden_layers\":0", "layers is 0")]
    [InlineData("\"num_attention_heads\":32", "\"num_attention_heads\":0", "heads is 0")]
    [InlineData("\"num_key_value_heads\":8", "\"num_key_value_heads\":7", "32 heads cannot share 7")]
    [InlineData("\"rms_norm_eps\":1e-05", "\"rms_norm_eps\":1e999", "norm_epsilon")]
    [InlineData("\"rope_theta\":500000.0", "\"rope_theta\":\"x\"", "rope_theta that is not a number")]
    [InlineData("\"tie_word_embeddings\":false", "\"tie_word_embeddings\":0", "tie_word_embeddings that is not true or false")]
    [InlineData("\"rope_scaling\":{", "\"rope_scaling\":5,\"x\":{", "rope_scaling that is not an object")]
    [InlineData("{\"architectures\":[\"LlamaForCausalLM\"],", "{", "")]
    [InlineData("\"silu\"", "\"\\ud800\"", "not Unicode")]
    [InlineData("\"silu\",", "\"silu\"", "is not JSON")]
    public void What_would_compute_something_else_is_refused_by_name(string old, string changed, string reason)
    {
        string text = Llama31.Replace(old, changed, StringComparison.Ordinal);
        Assert.NotEqual(Llama31, text);
        if (reason.Length == 0)
        {
            // The model type is enough.
            Assert.Equal(NetworkFamily.Llama, Read(text).Family);
            return;
        }

        Assert.Contains(reason, Sentences.Refused(() => Read(text)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gelu_new", "relu", "activation_function relu")]
    [InlineData("\"n_embd\":768", "\"n_embd\":770", "width of 770 does not divide over 12 heads")]
    [InlineData("\"n_ctx\"", "\"scale_attn_by_inverse_layer_idx\":true,\"n_ctx\"", "scale_attn_by_inverse_layer_idx true; only false")]
    [InlineData("\"n_ctx\"", "\"scale_attn_weights\":false,\"n_ctx\"", "scale_attn_weights false; only true")]
    public void So_it_is_for_gpt(string old, string changed, string reason) =>
        Assert.Contains(reason, Sentences.Refused(() => Read(Gpt2.Replace(old, changed, StringComparison.Ordinal))), StringComparison.Ordinal);

    [Fact]
    public void Other_files_are_refused()
    {
        using TempFolder folder = new();
        Assert.Contains("no JSON object", Sentences.Refused(() => Read("[]")), StringComparison.Ordinal);
        Assert.Contains("names no architecture", Sentences.Refused(() => Read("{}")), StringComparison.Ordinal);
        Assert.Contains("not JSON", Sentences.Refused(() => Read("hello")), StringComparison.Ordinal);
        Assert.Contains("larger than 1 MiB", Sentences.Refused(() => Read(new string(' ', (1 << 20) + 1))), StringComparison.Ordinal);
        Assert.Contains("no such file", Sentences.Refused(() => HuggingFaceConfig.Read(folder.At("config.json"))), StringComparison.Ordinal);
    }

    private static NetworkDescription Read(string json)
    {
        using TempFolder folder = new();
        return HuggingFaceConfig.Read(folder.File("config.json", json));
    }
}
