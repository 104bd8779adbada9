using TrnOrleans.Numerics.Attention;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Attention and rotary positions in FP64, with the whole square of weights one row at a time.</summary>
internal static class AttentionReference
{
    internal static double[] Attend(double[] rows, AttentionShape shape)
    {
        double[] output = new double[shape.Rows * shape.OutputWidth];
        int width = shape.HeadWidth;
        for (int sequence = 0; sequence < shape.Sequences; sequence++)
        {
            for (int head = 0; head < shape.Heads; head++)
            {
                int keyOffset = (shape.Heads + (head / (shape.Heads / shape.KeyValueHeads))) * width;
                int valueOffset = keyOffset + (shape.KeyValueHeads * width);
                for (int position = 0; position < shape.Context; position++)
                {
                    int row = (sequence * shape.Context) + position;
                    double[] weights = new double[position + 1];
                    for (int other = 0; other <= position; other++)
                    {
                        int key = ((sequence * shape.Context) + other) * shape.RowWidth;
                        double score = 0;
                        for (int i = 0; i < width; i++)
                        {
                            score += rows[(row * shape.RowWidth) + (head * width) + i] * rows[key + keyOffset + i];
                        }

                        weights[other] = score / Math.Sqrt(width);
                    }

                    double max = weights.Max();
                    double sum = weights.Sum(score => Math.Exp(score - max));
                    for (int other = 0; other <= position; other++)
                    {
                        double weight = Math.Exp(weights[other] - max) / sum;
                        int value = (((sequence * shape.Context) + other) * shape.RowWidth) + valueOffset;
                        for (int i = 0; i < width; i++)
                        {
                            output[(row * shape.OutputWidth) + (head * width) + i] += weight * rows[value + i];
                        }
                    }
                }
            }
        }

        return output;
    }

    internal static double[] Rotate(double[] rows, int width, int heads, int headWidth, int context, double theta)
    {
        double[] turned = [.. rows];
        int half = headWidth / 2;
        for (int row = 0; row < rows.Length / width; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                for (int i = 0; i < half; i++)
                {
                    double angle = row % context * Math.Pow(theta, -2.0 * i / headWidth);
                    int at = (row * width) + (head * headWidth) + i;
                    turned[at] = (rows[at] * Math.Cos(angle)) - (rows[at + half] * Math.Sin(angle));
                    turned[at + half] = (rows[at + half] * Math.Cos(angle)) + (rows[at] * Math.Sin(angle));
                }
            }
        }

        return turned;
    }
}
