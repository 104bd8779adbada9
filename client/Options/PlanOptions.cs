using System.CommandLine;
using System.Globalization;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Client.Options;

/// <summary>The options of `trn plan`.</summary>
internal sealed class PlanOptions
{
    // In GPT-2's and Llama's tables; a description from a file may say more.
    private const int VocabularyWhereNoneIsSaid = 50257;

    // Divides over the 144 chips of an UltraServer, and over powers of two.
    private const long DefaultBatch = 1152;

    private readonly Option<string?> _model = Values.Text("--model", "FILE|PRESET", $"A Hugging Face config.json, or one of {string.Join(", ", PlanModels.All.Keys)}.");
    private readonly Option<string?> _system = Values.Text("--system", "NAME", "One of those that `trn systems` lists; by default trn3-gen2.");
    private readonly Option<long?> _systems = Values.Whole("--ultraservers", "How many of them; by default 1.");
    private readonly Option<string?> _fabric = Values.Text("--fabric", "NAME", "Reading of the system's fabric where sources disagree: docs (default), analyst or headline.");
    private readonly Option<string?> _stack = Values.Text("--stack", "NAME", "Software whose efficiencies count; by default the chip's.");
    private readonly Option<long?> _tensor = Values.Whole("--tp", "Tensor-parallel chips (tensor_model_parallel_size).");
    private readonly Option<long?> _pipeline = Values.Whole("--pp", "Pipeline stages (pipeline_model_parallel_size).");
    private readonly Option<long?> _data = Values.Whole("--dp", "Data-parallel copies.");
    private readonly Option<long?> _context = Values.Whole("--cp", "Context-parallel chips (context_parallel_size).");
    private readonly Option<long?> _expert = Values.Whole("--ep", "Expert-parallel chips (expert_model_parallel_size).");
    private readonly Option<long?> _experts = Values.Whole("--experts", "Makes every feed-forward layer so many experts.");
    private readonly Option<long?> _expertsPerToken = Values.Whole("--experts-per-token", "Experts that a token goes through; by default 2.");
    private readonly Option<long?> _interleave = Values.Whole("--interleave", "Parts of the model a stage (virtual pipeline).");
    private readonly Option<long?> _zero = Values.Whole("--zero", "Stage of ZeRO, 0 to 3.");
    private readonly Option<long?> _micro = Values.Whole("--micro-batch", "Sequences in a micro-batch (micro_batch_size).");
    private readonly Option<string?> _recompute = Values.Word("--recompute", "What is computed twice.", "none", "selective", "full");
    private readonly Option<string?> _precision = Values.Word("--precision", "Formats.", [.. PrecisionRecipe.All.Select(r => r.Name)]);
    private readonly Option<long?> _batch = Values.Whole("--batch", "Sequences in a step; by default 1,152. Of a sweep: on each UltraServer, unless --strong.");
    private readonly Option<long?> _sequence = Values.Whole("--seq-len", "Positions of a sequence; by default the model's.");
    private readonly Option<bool> _search = new("--search") { Description = "Show the best layouts, and those that no other beats in both time and memory." };
    private readonly Option<string?> _sweep = Values.Text("--sweep", "chips=FROM..TO", "Clusters of growing size.");
    private readonly Option<bool> _strong = new("--strong") { Description = "A sweep keeps its batch while the cluster grows." };
    private readonly Option<string?> _plot = Values.Text("--plot", "FILE.svg", "Where a sweep's plot goes.");
    private readonly Option<double?> _days = Values.Number("--days", "How many tokens are trained in so many days.");
    private readonly Option<double?> _tokens = Values.Number("--tokens", "How long so many tokens take, such as 15e12.");
    private readonly Option<string?> _faults = Values.Word("--faults", "Failures at published rates, played through.", "llama3");

    internal void AddTo(Command command)
    {
        foreach (Option option in new Option[]
        {
            _model, _system, _systems, _fabric, _stack, _precision, _batch, _sequence, _tensor, _pipeline, _data, _context, _expert, _experts, _expertsPerToken, _interleave, _zero, _micro, _recompute, _search,
            _sweep, _strong, _plot, _days, _tokens, _faults, CatalogueOptions.File, CommonOptions.Json,
        })
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="InvalidDescriptionException">one sentence about what is wrong.</exception>
    internal PlanRequest Read(ParseResult result)
    {
        string name = result.GetValue(_model) ?? throw new InvalidDescriptionException($"say what is trained, with --model: a config.json, or one of {string.Join(", ", PlanModels.All.Keys)}");
        NetworkDescription description = PlanModels.All.TryGetValue(name, out NetworkDescription? preset) ? preset
            : File.Exists(name) ? HuggingFaceConfig.Read(name)
            : throw new InvalidDescriptionException($"there is no model {name}: neither a file, nor one of {string.Join(", ", PlanModels.All.Keys)}");
        if (description.Vocabulary == 0)
        {
            description = description with { Vocabulary = VocabularyWhereNoneIsSaid };
        }

        int experts = Whole(result, _experts) ?? 1;
        int perToken = Whole(result, _expertsPerToken) ?? Math.Min(2, experts);
        if (perToken > experts)
        {
            throw new InvalidDescriptionException($"--experts-per-token is {perToken}, and there are {Words.Count(experts, "expert")} (--experts)");
        }

        if (experts == 1 && Whole(result, _expert) > 1)
        {
            throw new InvalidDescriptionException("--ep is for models with experts, and this one has none; --experts gives it some");
        }

        Workload work = Workload.Of(description, Whole(result, _sequence), experts, perToken);
        double? days = Positive(result, _days, 36_500);
        double? tokens = Positive(result, _tokens, 1e18);
        bool hasFaults = result.GetValue(_faults) is not null;
        if (days is not null && tokens is not null)
        {
            throw new InvalidDescriptionException("--days and --tokens are both given; keep one");
        }

        if (hasFaults && days is null && tokens is null)
        {
            throw new InvalidDescriptionException("--faults needs --days or --tokens: how long the machine can fail");
        }

        (long, long)? sweep = result.GetValue(_sweep) is { } text ? Range(text) : null;
        if (sweep is null && result.GetValue(_plot) is not null)
        {
            throw new InvalidDescriptionException("--plot is for --sweep; a single plan has no line to draw");
        }

        if (sweep is not null && (days ?? tokens) is not null)
        {
            throw new InvalidDescriptionException("--days and --tokens are for one plan, and --sweep makes many; keep one");
        }

        return new PlanRequest
        {
            Catalogue = CatalogueOptions.Of(result),
            ModelName = name,
            System = result.GetValue(_system) ?? Catalogue.LargestUltraServer.Name,
            Systems = Long(result, _systems) ?? 1,
            Fabric = result.GetValue(_fabric),
            Stack = result.GetValue(_stack),
            Recipe = PrecisionRecipe.Of(result.GetValue(_precision) ?? "mixed_precision"),
            Work = work,
            Batch = Whole(result, _batch) ?? DefaultBatch,
            Choices = new LayoutChoices
            {
                TensorParallel = Whole(result, _tensor),
                PipelineParallel = Whole(result, _pipeline),
                DataParallel = Whole(result, _data),
                ContextParallel = Whole(result, _context),
                ExpertParallel = Whole(result, _expert),
                Interleave = Whole(result, _interleave),
                MicroBatch = Whole(result, _micro),
                Zero = result.GetValue(_zero) is { } zero ? zero is >= 0 and <= 3 ? (int)zero : throw new InvalidDescriptionException($"--zero is {zero}; ZeRO has stages 0 to 3") : null,
                Recompute = result.GetValue(_recompute) is { } word ? Enum.Parse<Recompute>(word, ignoreCase: true) : null,
            },
            IsSearch = result.GetValue(_search),
            Sweep = sweep,
            IsStrong = result.GetValue(_strong),
            PlotTo = result.GetValue(_plot),
            Days = days,
            Tokens = tokens,
            HasFaults = hasFaults,
            Json = result.GetValue(CommonOptions.Json),
        };
    }

    private static (long From, long To) Range(string text)
    {
        string[] ends = text.StartsWith("chips=", StringComparison.Ordinal) ? text["chips=".Length..].Split("..") : [];
        return ends.Length == 2 && long.TryParse(ends[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out long from)
            && long.TryParse(ends[1], NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out long to)
            ? (from, to)
            : throw new InvalidDescriptionException($"--sweep is {text}; it is such as chips=144..1000000");
    }

    private static int? Whole(ParseResult result, Option<long?> option) => Long(result, option) is { } value
        ? value <= int.MaxValue ? (int)value : throw new InvalidDescriptionException($"{option.Name} is {value:N0}; that is more than any machine has")
        : null;

    private static long? Long(ParseResult result, Option<long?> option) => result.GetValue(option) is { } value
        ? value >= 1 ? value : throw new InvalidDescriptionException($"{option.Name} is {value}; it must be at least 1")
        : null;

    private static double? Positive(ParseResult result, Option<double?> option, double most) => result.GetValue(option) is { } value
        ? value > 0 && value <= most ? value : throw new InvalidDescriptionException($"{option.Name} is {value}; it must be above 0 and at most {most:N0}")
        : null;
}
