using System.CommandLine;
using MeshOrleans.Cli.Commands;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli;

/// <summary>One run of <c>meshctl</c>, from its arguments to its exit code.</summary>
internal static class Meshctl
{
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, CliHost host, CancellationToken cancellationToken)
    {
        try
        {
            return await ParseAndRunAsync(args, host, cancellationToken);
        }
        catch (CliException exception)
        {
            await host.Error.WriteLineAsync($"meshctl: {exception.Message}");
            return exception.Code;
        }
        catch (ApiException exception)
        {
            ProblemText.Write(host.Error, exception.Problem);
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            await host.Error.WriteLineAsync("meshctl: interrupted");
            return ExitCode.Failed;
        }
        finally
        {
            await host.Out.FlushAsync(CancellationToken.None);
            await host.Error.FlushAsync(CancellationToken.None);
        }
    }

    private static async Task<int> ParseAndRunAsync(
        IReadOnlyList<string> args, CliHost host, CancellationToken cancellationToken)
    {
        var root = CommandTree.Create(host);
        var parsed = Parse(root, args switch
        {
            ["--version"] => ["version"],
            ["help", ..] => [.. args.Skip(1), "--help"],
            _ => args,
        });
        if (parsed.Errors.Count == 0)
        {
            var configuration = new InvocationConfiguration
            {
                Output = host.Out,
                Error = host.Error,
                EnableDefaultExceptionHandler = false,
            };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }

        return await RefuseAsync(root, parsed, host, cancellationToken);
    }

    // Says what was not understood and where to read on.
    private static async Task<int> RefuseAsync(
        Command root, ParseResult parsed, CliHost host, CancellationToken cancellationToken)
    {
        var command = parsed.CommandResult.Command;
        if (command == root && parsed.UnmatchedTokens is [var verb, ..])
        {
            throw CliException.Usage(LaterCommands.Contains(verb)
                ? $"'{verb}' is not part of this version"
                : $"'{verb}' is no command; see meshctl --help");
        }

        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0)
        {
            // A group without its verb: its help says which there are.
            string[] help = [.. CommandTree.PathOf(parsed.CommandResult), "--help"];
            await Parse(root, help).InvokeAsync(new InvocationConfiguration { Output = host.Error }, cancellationToken);
            return ExitCode.Usage;
        }

        foreach (var error in parsed.Errors) await host.Error.WriteLineAsync($"meshctl: {OneLine(error.Message)}");
        var path = string.Join(' ', CommandTree.PathOf(parsed.CommandResult).Prepend("meshctl"));
        await host.Error.WriteLineAsync($"meshctl: see {path} --help");
        return ExitCode.Usage;
    }

    private static string OneLine(string message) =>
        string.Join(' ', message.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));

    // No response files: an argument that begins with @ is just that.
    private static ParseResult Parse(Command root, IReadOnlyList<string> args) =>
        root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
}
