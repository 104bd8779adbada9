using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Models.Text;

/// <summary>Continues a text, token by token, with the last context window before each.</summary>
/// <param name="network">A language model.</param>
/// <param name="weights">Its weights, read in place.</param>
/// <param name="seed">Same seed, same text.</param>
/// <param name="temperature">Divides the logits; 0 takes the largest each time.</param>
public sealed class TextGenerator(Network network, AlignedBuffer weights, ulong seed, double temperature) : IDisposable
{
    private readonly Pass _pass = network.CreateInferencePass(1);
    private readonly CounterRandom _random = new(seed, RandomUse.Sampling);

    /// <summary>The tokens that follow; call on a compute thread.</summary>
    /// <param name="prompt">At least one token.</param>
    /// <param name="count">How many to add.</param>
    /// <param name="cancellation">Looked at between tokens.</param>
    public IEnumerable<int> Continue(IReadOnlyList<int> prompt, int count, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfZero(prompt.Count, nameof(prompt));
        List<int> tokens = [.. prompt];
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int next = Next(tokens, (ulong)i);
            tokens.Add(next);
            yield return next;
        }
    }

    public void Dispose() => _pass.Dispose();

    private int Next(List<int> tokens, ulong index)
    {
        int context = network.Description.Context;
        int used = Math.Min(context, tokens.Count);
        Span<int> inputs = _pass.Inputs.Tokens;
        for (int i = 0; i < used; i++)
        {
            inputs[i] = tokens[tokens.Count - used + i];
        }

        ReadOnlySpan<float> logits = _pass.Infer(weights, used).Slice((used - 1) * network.Description.Vocabulary, network.Description.Vocabulary);
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        if (temperature == 0)
        {
            return best;
        }

        double total = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            total += Weight(logits[i], logits[best]);
        }

        double draw = _random.Uniform(index) * total;
        for (int i = 0; i < logits.Length; i++)
        {
            draw -= Weight(logits[i], logits[best]);
            if (draw < 0)
            {
                return i;
            }
        }

        return best;
    }

    private double Weight(float logit, float largest) => ScalarMath.Exp((logit - largest) / temperature);
}
