using System.CommandLine;
using System.Text.Json;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn spec`: prints the whole run as JSON, as `trn train --spec` takes it.</summary>
internal static class SpecCommand
{
    internal static Command Create()
    {
        SpecOptions spec = new();
        Option<bool> pin = new("--pin") { Description = "Read the data and write its hash and vocabulary into the spec." };
        Command command = new("spec", "Prints the resolved spec of a run as JSON; takes the options of `trn train`.");
        spec.AddTo(command);
        command.Options.Add(pin);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, cancellation) =>
        {
            RunSpec resolved = spec.Resolve(result);
            if (result.GetValue(pin) || spec.Epochs(result) is not null)
            {
                using DataAccess data = new();
                RunInputs inputs = await data.LoadAsync(resolved, cancellation);
                resolved = inputs.WithEpochs(spec.Epochs(result)).Spec;
            }

            Console.Out.WriteLine(JsonSerializer.Serialize(resolved, StrictJson.Options));
            return Failures.Success;
        });
        return command;
    }
}
