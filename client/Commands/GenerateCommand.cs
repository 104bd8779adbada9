using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Running;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Text;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn generate`: continues a text with trained weights.</summary>
internal static class GenerateCommand
{
    private const int MostTokens = 1_000_000;

    internal static Command Create()
    {
        Option<string?> weights = Values.Text("--weights", "FILE", "Weights of a language model, as `trn train --save` writes them.");
        Option<string?> prompt = Values.Text("--prompt", "TEXT", "What to continue; by default a new line.");
        Option<string?> model = Values.Text("--model", "NAME|FILE", "The network, for a file that does not say.");
        Option<long?> tokens = Values.Whole("--tokens", "How many tokens to add; 400 by default.");
        Option<double?> temperature = Values.Number("--temperature", "0 takes the likeliest token each time; 0.8 by default.");
        Option<ulong?> seed = Values.Natural("--seed", "Same seed, same text; 1337 by default.");
        Command command = new("generate", "Continues a text with trained weights.") { weights, prompt, model, tokens, temperature, seed, CommonOptions.Threads, CommonOptions.Json };
        weights.Required = true;
        command.SetAction((result, _) => Run(
            result.GetValue(weights)!, result.GetValue(prompt) ?? "\n", result.GetValue(model), result.GetValue(tokens) ?? 400,
            result.GetValue(temperature) ?? 0.8, result.GetValue(seed) ?? 1337, CommonOptions.ThreadsOf(result), result.GetValue(CommonOptions.Json)));
        return command;
    }

    private static async Task<int> Run(string path, string prompt, string? model, long tokens, double temperature, ulong seed, int threads, bool json)
    {
        if (tokens is < 1 or > MostTokens)
        {
            throw new InvalidDescriptionException($"--tokens is {tokens}; it must be between 1 and {MostTokens}");
        }

        if (!(temperature >= 0 && double.IsFinite(temperature)))
        {
            throw new InvalidDescriptionException($"--temperature is {temperature}; it must be a number of at least 0");
        }

        using LoadedWeights loaded = LoadedWeights.Read(path, model);
        if (!loaded.Network.Description.IsLanguageModel)
        {
            throw new InvalidDescriptionException($"{path} holds an mlp, which reads images; `trn generate` needs a language model");
        }

        CharacterVocabulary vocabulary = loaded.Vocabulary
            ?? throw new InvalidDescriptionException($"{path} does not say which characters its tokens are; train with `trn train --init {path} --save FILE` first");
        if (vocabulary.Count != loaded.Network.Description.Vocabulary)
        {
            throw new InvalidDescriptionException(
                $"{path} knows {loaded.Network.Description.Vocabulary} tokens and says for {vocabulary.Count} of them which characters they are; train without --vocabulary to generate text");
        }

        if (prompt.Length == 0)
        {
            throw new InvalidDescriptionException("--prompt is empty; give at least one character");
        }

        int[] start = vocabulary.Encode(prompt);
        using StopSignals signals = new();
        using ComputeEngine engine = new(threads);
        StringBuilder text = new();
        long begun = Stopwatch.GetTimestamp();
        await engine.RunAsync(() =>
        {
            using TextGenerator generator = new(loaded.Network, loaded.Weights, seed, temperature);
            if (!json)
            {
                Console.Out.Write(prompt == "\n" ? string.Empty : prompt);
            }

            foreach (int token in generator.Continue(start, (int)tokens, signals.Asked))
            {
                string character = vocabulary.Characters[token];
                text.Append(character);
                if (!json)
                {
                    Console.Out.Write(character);
                }
            }
        });
        if (json)
        {
            Console.Out.WriteLine(new JsonObject
            {
                ["prompt"] = prompt,
                ["text"] = text.ToString(),
                ["tokens_per_second"] = tokens / Stopwatch.GetElapsedTime(begun).TotalSeconds,
            }.ToJsonString(StrictJson.Compact));
        }
        else
        {
            Console.Out.WriteLine();
        }

        return Failures.Success;
    }
}
