using System.CommandLine;
using System.Text;
using TrnOrleans.Client;
using TrnOrleans.Client.Commands;
using TrnOrleans.Client.Running;
using TrnOrleans.Models.Json;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
RootCommand root = new("Trains networks on an emulated cluster of Trainium3 chips.")
{
    TrainCommand.Create(),
    ComparePrecisionCommand.Create(),
    ResumeCommand.Create(),
    CheckpointsCommand.Create(),
    EvaluateCommand.Create(),
    GenerateCommand.Create(),
    SpecCommand.Create(),
    DataCommand.Create(),
    RunCommands.Runs(),
    RunCommands.Attach(),
    RunCommands.Stop(),
    ClusterCommand.Create(),
    ChaosCommand.Create(),
    JournalCommands.Report(),
    JournalCommands.Verify(),
    PlanCommand.Create(),
    SystemsCommand.Create(),
    ValidateCommand.Create(),
    AllReduceCommand.Create(),
    BenchCommand.Create(),
};

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    return Complain(parsed);
}

try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (OperationCanceledException) when (StopSignals.LastCode is not null)
{
    Console.Error.WriteLine("trn: stopped before the first step; there was nothing to save");
    return StopSignals.LastCode.Value;
}
catch (Exception error) when (Failures.Of(error) is not null)
{
    (string sentence, int code) = Failures.Of(error)!.Value;
    Console.Error.WriteLine($"trn: {sentence.ReplaceLineEndings(" ")}");
    return code;
}
catch (Exception error) when (Environment.GetEnvironmentVariable("TRN_DEBUG") is null)
{
    Console.Error.WriteLine($"trn: internal error, {error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")} (TRN_DEBUG=1 shows where; please report it)");
    return Failures.Failure;
}

static int Complain(ParseResult parsed)
{
    string? unknown = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
    Command command = parsed.CommandResult.Command;
    if (unknown is not null)
    {
        bool option = unknown.StartsWith('-');
        IEnumerable<string> known = option
            ? command.Options.Concat(parsed.RootCommandResult.Command.Options).Select(o => o.Name)
            : command.Subcommands.Select(c => c.Name);
        string nearest = NearestWord.Of(unknown, known);
        string hint = nearest.Length == 0 ? string.Empty : $"; the nearest is {nearest}";
        Console.Error.WriteLine($"trn: there is no {(option ? "option" : "command")} {unknown}{hint} (see trn {(command is RootCommand ? string.Empty : command.Name + " ")}--help)");
        return Failures.Usage;
    }

    string path = command is RootCommand ? "trn" : $"trn {command.Name}";
    string message = command.Subcommands.Count > 0
        ? $"say what to do, such as `{path} {command.Subcommands[0].Name}`; `{path} --help` lists the commands"
        : parsed.Errors[0].Message;
    Console.Error.WriteLine($"trn: {message.TrimEnd('.').ReplaceLineEndings(" ")}");
    return Failures.Usage;
}
