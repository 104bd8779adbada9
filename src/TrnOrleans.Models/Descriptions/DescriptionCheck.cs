namespace TrnOrleans.Models.Descriptions;

/// <summary>Says in one sentence what is wrong with a description, before anything is built from it.</summary>
public static class DescriptionCheck
{
    private const int LargestSize = 1 << 24;
    private const int MostLayers = 1000;

    /// <summary>Checks sizes, divisibility and ranges.</summary>
    /// <exception cref="InvalidDescriptionException">the first thing that is wrong.</exception>
    public static void Check(NetworkDescription d)
    {
        Require(float.IsFinite(d.Dropout) && d.Dropout >= 0 && d.Dropout < 1, $"dropout is {d.Dropout}; it must be at least 0 and under 1");
        if (d.Family == NetworkFamily.Mlp)
        {
            Require(d.Sizes.Count <= MostLayers, $"an mlp of {d.Sizes.Count} sizes is too deep; at most {MostLayers} are taken");
            Require(d.Sizes.Count >= 2, "an mlp needs at least two sizes, input and output, such as --sizes 784,128,10");
            foreach (int size in d.Sizes)
            {
                Size(size, "every size of an mlp");
            }

            return;
        }

        Require(d.Layers is >= 1 and <= MostLayers, $"layers is {d.Layers}; it must be between 1 and {MostLayers}");
        Size(d.Heads, "heads");
        Size(d.KeyValueHeads, "key_value_heads");
        Size(d.Width, "width");
        Size(d.HeadWidth, "head_width");
        Require((long)d.Heads * d.HeadWidth <= LargestSize, $"{d.Heads} heads of width {d.HeadWidth} are too wide together; at most {LargestSize} floats make a row");
        Size(d.Hidden, "hidden");
        Size(d.Context, "context");
        Require(d.Vocabulary is >= 0 and <= LargestSize, $"vocabulary is {d.Vocabulary}; it must be between 1 and {LargestSize}");
        Require(
            d.Heads % d.KeyValueHeads == 0, $"{d.Heads} heads cannot share {d.KeyValueHeads} key-value heads evenly; choose a divisor of {d.Heads}");
        Require(d.NormEpsilon > 0 && float.IsFinite(d.NormEpsilon), $"norm_epsilon is {d.NormEpsilon}; it must be above 0");
        Require(d.InitializerRange >= 0 && double.IsFinite(d.InitializerRange), $"initializer_range is {d.InitializerRange}; it must be at least 0");
        Require(d.Dropout == 0 || d.Width % 4 == 0, $"dropout works on widths that divide by 4; {d.Width} does not");
        if (d.Family == NetworkFamily.Gpt)
        {
            Require(d.KeyValueHeads == d.Heads, "gpt has as many key-value heads as heads; use llama for grouped-query attention");
            Require(d.HeadWidth * d.Heads == d.Width, $"a width of {d.Width} does not divide over {d.Heads} heads; choose a multiple of {d.Heads}");
        }
        else
        {
            Require(d.HeadWidth % 2 == 0, $"rotary positions need an even head width; it is {d.HeadWidth}");
            Require(d.RopeTheta > 1 && double.IsFinite(d.RopeTheta), $"rope_theta is {d.RopeTheta}; it must be above 1");
            Require(
                d.RopeScaling is not { } s || (s.Factor > 0 && s.LowFrequencyFactor > 0 && s.HighFrequencyFactor > s.LowFrequencyFactor && s.OriginalContext > 0),
                "rope_scaling needs positive factors with high_frequency_factor above low_frequency_factor");
        }
    }

    private static void Size(int value, string name) =>
        Require(value is >= 1 and <= LargestSize, $"{name} is {value}; it must be between 1 and {LargestSize}");

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new InvalidDescriptionException(sentence);
        }
    }
}
