using System.Text.Json;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Precision;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Models.Tests.Precision;

/// <summary>What recipes mean, and what no recipe can be.</summary>
public sealed class RecipeTests
{
    [Fact]
    public void Recipes_are_what_their_names_say()
    {
        NetworkPrecision sr = Of("bf16SR");
        Assert.Equal((NumberFormat.Bf16, Rounding.Stochastic, Rounding.Nearest), (sr.StoredWeights, sr.UpdateRounding, sr.Rounding));
        Assert.Equal((NumberFormat.Bf16, Rounding.Nearest), (Of("bf16").StoredWeights, Of("bf16").UpdateRounding));
        NetworkPrecision mixed = Of("mixed_precision");
        Assert.Equal((NumberFormat.Fp32, "bf16", NumberFormat.Bf16), (mixed.StoredWeights, mixed.Weights.Name, mixed.Wire));
        Assert.Equal(Rounding.Stochastic, Of("mixed_precisionSR").Rounding);
        NetworkPrecision mxfp4 = Of("mxfp4");
        Assert.Equal(("mxfp4_e2m1", "mxfp8_e4m3", ScaleRule.Trn3), (mxfp4.Weights.Name, mxfp4.BackwardWeights.Name, mxfp4.ScaleRule));
        Assert.False(Of("fp32").IsQuantized);
        Assert.All(PrecisionRecipes.Names.Skip(1), name => Assert.True(Of(name).IsQuantized));
    }

    /// <summary>FP16 and unscaled FP8 have too few exponents for gradients; FP8 with scales and MX have enough.</summary>
    [Fact]
    public void Losses_are_scaled_where_a_format_needs_it()
    {
        Assert.All(PrecisionRecipes.Names, name => Assert.Equal(LossScalingKind.None, Of(name).LossScaling));
        Assert.Equal(LossScalingKind.Dynamic, Resolve("""{"recipe":"mixed_precision","gradients":"fp16"}""").LossScaling);
        Assert.Equal(LossScalingKind.Dynamic, Resolve("""{"recipe":"fp8","gradients":"fp8_e5m2"}""").LossScaling);
        Assert.Equal(LossScalingKind.Dynamic, Resolve("""{"recipe":"fp8","gradients":"fp8_e4m3fn"}""").LossScaling);
        Assert.Equal(LossScalingKind.None, Resolve("""{"recipe":"fp8","gradients":"fp6_e3m2"}""").LossScaling);
        Assert.Equal(LossScalingKind.None, Resolve("""{"recipe":"mixed_precision","gradients":"fp16","loss_scaling":"none"}""").LossScaling);
        NetworkPrecision fixedScale = Resolve("""{"recipe":"fp32","loss_scale":1024}""");
        Assert.Equal((LossScalingKind.Static, 1024), (fixedScale.LossScaling, fixedScale.LossScale));
    }

    [Fact]
    public void Who_changes_a_format_forward_changes_it_backward_too()
    {
        NetworkPrecision changed = Resolve("""{"recipe":"mxfp4","weights":"bf16"}""");
        Assert.Equal(("bf16", "bf16", "mxfp8_e4m3"), (changed.Weights.Name, changed.BackwardWeights.Name, changed.BackwardActivations.Name));
    }

    [Theory]
    [InlineData("""{"recipe":"fp7"}""", "--precision knows no fp7; it takes fp32, tf32")]
    [InlineData("""{"weights":"mxfp3"}""", "precision.weights knows no mxfp3; it takes fp32")]
    [InlineData("""{"backward_activations":""}""", "precision.backward_activations knows no format without a name")]
    [InlineData("""{"attention":"mxfp8_e4m3"}""", "precision.attention knows no mxfp8_e4m3; it takes fp32, tf32, bf16, fp16")]
    [InlineData("""{"wire":"fp16"}""", "precision.wire knows no fp16; it takes fp32, bf16")]
    [InlineData("""{"block":48}""", "precision.block is 48, which does not divide the 128 rows")]
    [InlineData("""{"block":0}""", "precision.block is 0")]
    [InlineData("""{"loss_scale":0}""", "precision.loss_scale is 0; it must be a power of two")]
    [InlineData("""{"loss_scale":-2}""", "precision.loss_scale is -2")]
    [InlineData("""{"loss_scale":1000}""", "precision.loss_scale is 1000")]
    [InlineData("""{"loss_scale":1e30}""", "precision.loss_scale is")]
    [InlineData("""{"loss_scale":2,"loss_scaling":"none"}""", "leave one out")]
    [InlineData("""{"gradients":"fp4_e2m1","loss_scaling":"dynamic"}""", "never overflow")]
    [InlineData("""{"hadamard":true}""", "choose a recipe such as mxfp4")]
    public void A_recipe_that_cannot_be_is_refused_in_a_sentence(string json, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<InvalidDescriptionException>(() => Resolve(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"recipe":"bf16","block":64}""", "precision.block would change nothing here: no operand has an MX format")]
    [InlineData("""{"recipe":"fp8","scale_rule":"ocp"}""", "precision.scale_rule would change nothing here")]
    [InlineData("""{"rounding":"stochastic"}""", "precision.rounding would change nothing here: all operands are fp32")]
    [InlineData("""{"recipe":"mxfp8","update_rounding":"stochastic"}""", "precision.update_rounding would change nothing here: stored_weights and optimizer are fp32")]
    [InlineData("""{"bf16_layers":"ends"}""", "precision.bf16_layers would change nothing here")]
    public void What_would_change_nothing_is_told(string json, string sentence)
    {
        PrecisionSpec spec = StrictJson.Read<PrecisionSpec>(json, "spec");
        Assert.Contains(sentence, Assert.Throws<InvalidDescriptionException>(() => PrecisionRecipes.CheckEffects(spec)).Message, StringComparison.Ordinal);

        // Who has written it before it was told may still have it.
        PrecisionRecipes.Resolve(spec);
    }

    /// <summary>A recipe's own settings may have no effect any more when formats differ from it; nobody has asked for them.</summary>
    [Theory]
    [InlineData("""{"recipe":"bf16SR","stored_weights":"fp32"}""")]
    [InlineData("""{"recipe":"mxfp8","weights":"fp32","activations":"fp32","gradients":"fp32"}""")]
    [InlineData("""{"recipe":"mixed_precisionSR","weights":"fp32","activations":"fp32","gradients":"fp32"}""")]
    [InlineData("""{"rounding":"nearest","block":32,"scale_rule":"trn3","update_rounding":"nearest","bf16_layers":"none"}""")]
    public void What_nobody_has_asked_for_is_not_told(string json) =>
        PrecisionRecipes.CheckEffects(StrictJson.Read<PrecisionSpec>(json, "spec"));

    [Fact]
    public void A_recipe_goes_through_JSON_as_it_is()
    {
        PrecisionSpec spec = new() { Recipe = "mxfp4", Hadamard = true, Bf16Layers = Bf16Layers.Ends, ScaleRule = ScaleRule.Ocp, Rounding = Rounding.TowardZero };
        string json = JsonSerializer.Serialize(spec, StrictJson.Compact);
        Assert.Equal("""{"recipe":"mxfp4","rounding":"toward_zero","scale_rule":"ocp","hadamard":true,"bf16_layers":"ends"}""", json);
        Assert.Equal(spec, StrictJson.Read<PrecisionSpec>(json, "spec"));
    }

    private static NetworkPrecision Of(string name) => PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = name });

    private static NetworkPrecision Resolve(string json) => PrecisionRecipes.Resolve(StrictJson.Read<PrecisionSpec>(json, "spec"));
}
