using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Layouts;

/// <summary>A product of a block: rows × <paramref name="Depth"/> by <paramref name="Depth"/> × <paramref name="Columns"/>.</summary>
/// <param name="Depth">Inner dimension.</param>
/// <param name="Columns">Of the result.</param>
/// <param name="SplitsColumns">Whether tensor parallelism splits the columns; else the depth.</param>
/// <param name="IsExpert">Whether each expert has its own.</param>
public readonly record struct Product(int Depth, int Columns, bool SplitsColumns, bool IsExpert = false);

/// <summary>What a training step computes, taken from the description that the kernels execute.</summary>
public sealed record Workload
{
    /// <summary>Blocks that are alike.</summary>
    public required int Blocks { get; init; }

    /// <summary>Floats in a row of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Positions of a sequence; 1 where there are none.</summary>
    public required int Sequence { get; init; }

    /// <summary>Products of a block.</summary>
    public required IReadOnlyList<Product> Products { get; init; }

    /// <summary>Query heads; 0 without attention.</summary>
    public int Heads { get; init; }

    /// <summary>Floats in all query heads.</summary>
    public int QueryWidth { get; init; }

    /// <summary>Floats in all key heads.</summary>
    public int KeyWidth { get; init; }

    /// <summary>Tokens; 0 without an output layer over them.</summary>
    public int Vocabulary { get; init; }

    /// <summary>Whether embedding and output layer are one.</summary>
    public bool Tied { get; init; }

    /// <summary>Experts of a block; 1 without.</summary>
    public int Experts { get; init; } = 1;

    /// <summary>Experts that a token goes through.</summary>
    public int ExpertsPerToken { get; init; } = 1;

    /// <summary>Weights of a block that no expert has for itself.</summary>
    public long DenseBlockParameters => Products.Where(p => !p.IsExpert).Sum(p => (long)p.Depth * p.Columns) + (2L * Width);

    /// <summary>Weights of all experts of a block.</summary>
    public long ExpertBlockParameters => Products.Where(p => p.IsExpert).Sum(p => (long)p.Depth * p.Columns * Experts);

    /// <summary>All weights.</summary>
    public long Parameters => (Blocks * (DenseBlockParameters + ExpertBlockParameters)) + TokenParameters(isWhole: true);

    /// <summary>Weights of embedding and output layer.</summary>
    /// <param name="isWhole">Both on one chip; else what the first stage of a pipeline has, or the last.</param>
    public long TokenParameters(bool isWhole) => (long)Vocabulary * Width * (Tied || !isWhole ? 1 : 2);

    /// <summary>FLOP of forward and backward pass a token, nothing counted twice: 6·N + 12·L·H·Q·T (PaLM, appendix B), N without the embedding's look-up.</summary>
    public double FlopsPerToken
    {
        get
        {
            double weights = (Blocks * Products.Sum(p => (double)p.Depth * p.Columns * (p.IsExpert ? ExpertsPerToken : 1))) + ((double)Vocabulary * Width);
            return (6 * weights) + (12.0 * Blocks * QueryWidth * Sequence);
        }
    }

    /// <summary>
    /// FLOP of matrix products of forward and backward pass as kernels execute them: each product three times, but for the first layer of an
    /// mlp, whose inputs want no gradient; of attention two products forward, five backward, and of scores only those that the mask lets through.
    /// </summary>
    /// <param name="samples">Sequences, or samples.</param>
    public long ExecutedFlops(long samples)
    {
        long weights = (Blocks * Products.Sum(p => (long)p.Depth * p.Columns)) + ((long)Vocabulary * Width);
        long unwanted = Heads == 0 ? (long)Products[0].Depth * Products[0].Columns : 0;
        long scores = (long)Sequence * (Sequence + 1) / 2;
        return checked(samples * (((6 * weights) - (2 * unwanted)) * Sequence + (14L * Blocks * QueryWidth * scores)));
    }

    /// <summary>Of an mlp: one block of all its products, and no sequence.</summary>
    private static Workload OfMlp(NetworkDescription description) => new()
    {
        Blocks = 1,
        Width = description.Sizes[0],
        Sequence = 1,
        Products = [.. description.Sizes.Zip(description.Sizes.Skip(1), (depth, columns) => new Product(depth, columns, true))],
    };

    /// <summary>Of any network that can be executed.</summary>
    /// <param name="description">What is executed.</param>
    /// <exception cref="InvalidDescriptionException">it cannot be.</exception>
    public static Workload OfExecuted(NetworkDescription description) => description.IsLanguageModel ? Of(description) : OfMlp(description);

    /// <summary>Of a transformer.</summary>
    /// <param name="description">What is executed.</param>
    /// <param name="sequence">Positions; null for the description's context.</param>
    /// <param name="experts">Experts of each feed-forward layer.</param>
    /// <param name="expertsPerToken">That a token goes through.</param>
    /// <exception cref="InvalidDescriptionException">not a transformer.</exception>
    public static Workload Of(NetworkDescription description, int? sequence = null, int experts = 1, int expertsPerToken = 1)
    {
        if (!description.IsLanguageModel)
        {
            throw new InvalidDescriptionException($"{description.Family.ToString().ToLowerInvariant()} is no transformer; plans are for gpt and llama");
        }

        DescriptionCheck.Check(description);
        int query = description.Heads * description.HeadWidth;
        int key = description.KeyValueHeads * description.HeadWidth;
        int up = description.Family == NetworkFamily.Llama ? 2 * description.Hidden : description.Hidden;
        return new Workload
        {
            Blocks = description.Layers,
            Width = description.Width,
            Sequence = sequence ?? description.Context,
            Heads = description.Heads,
            QueryWidth = query,
            KeyWidth = key,
            Vocabulary = description.Vocabulary,
            Tied = description.Tied,
            Experts = experts,
            ExpertsPerToken = expertsPerToken,
            Products =
            [
                new Product(description.Width, query + (2 * key), true), new Product(query, description.Width, false),
                new Product(description.Width, up, true, experts > 1), new Product(description.Hidden, description.Width, false, experts > 1),
            ],
        };
    }
}
