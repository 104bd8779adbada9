using TrnOrleans.Numerics.Attention;

namespace TrnOrleans.Numerics.Bits;

/// <summary>Attention and rotary positions: contexts beyond one block of 48 rows, head widths that are no multiple of a panel.</summary>
internal static class AttentionBits
{
    internal static void AddTo(DigestList list)
    {
        Attend(list, "MultiHead", new AttentionShape(2, 53, 3, 3, 20));
        Attend(list, "Grouped", new AttentionShape(2, 67, 4, 2, 37));
        Turn(list);
    }

    private static void Attend(DigestList list, string name, AttentionShape shape)
    {
        float[] rows = list.Input(shape.Rows * shape.RowWidth);
        float[] output = new float[shape.Rows * shape.OutputWidth];
        float[] statistics = new float[2 * shape.Rows * shape.Heads];
        float[] gradient = new float[rows.Length];
        CausalAttention.Forward(rows, output, statistics, shape);
        list.Add($"CausalAttention.{name}.Forward", output, statistics);
        CausalAttention.Backward(rows, output, statistics, list.Input(output.Length), gradient, shape);
        list.Add($"CausalAttention.{name}.Backward", gradient);
    }

    private static void Turn(DigestList list)
    {
        const int context = 70;
        const int headWidth = 38;
        const int width = 4 * headWidth;
        RotaryTable table = new(context, headWidth, 10000, new RotaryScaling(8, 1, 4, 32));
        float[] rows = list.Input(2 * context * width);
        Rotary.Forward(rows, width, 3, context, table);
        list.Add("Rotary.Forward", rows);
        rows = list.Input(2 * context * width);
        Rotary.Backward(rows, width, 3, context, table);
        list.Add("Rotary.Backward", rows);
    }
}
