using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace MeshOrleans.Cli.Commands;

/// <summary>The usual help text, followed by the command's examples.</summary>
internal sealed class ExampleHelp(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    /// <summary>An option <c>--help</c> that shows examples too.</summary>
    public static HelpOption CreateOption()
    {
        var option = new HelpOption("--help", "-h") { Description = "Show help and examples" };
        var usual = (HelpAction)option.Action!;
        usual.MaxWidth = 100;
        option.Action = new ExampleHelp(usual);
        return option;
    }

    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not CliCommand command) return code;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in command.Examples) output.WriteLine($"  meshctl {example}");
        output.WriteLine();
        if (command.Footer.Length > 0) output.WriteLine(command.Footer);
        return code;
    }
}
