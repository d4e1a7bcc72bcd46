using System.CommandLine;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary>Options that several commands have, made anew for each.</summary>
internal static class CommonOptions
{
    public const string DefaultNamespace = "default";

    public static Option<string?> Namespace(string description) => new("--namespace", "-n")
    {
        Description = description,
        HelpName = "NS",
    };

    public static Option<string?> Text(string name, string shape, string description) =>
        new(name) { Description = description, HelpName = shape };

    /// <summary>Of a token.</summary>
    public static Option<string?> Lifetime() =>
        Text("--lifetime", "DURATION", "How long it may be used, at most 7d (1h)");

    /// <summary>How many of a list.</summary>
    /// <param name="what">What is counted, as the help text begins.</param>
    /// <param name="usual">Where nothing is said.</param>
    /// <param name="most">The most that the API gives.</param>
    public static Option<int> Count(string what, int usual, int most)
    {
        var count = new Option<int>("--count")
        {
            Description = $"{what}, 1 to {most} ({usual})",
            HelpName = "N",
            DefaultValueFactory = _ => usual,
        };
        count.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() >= 1 && result.GetValueOrDefault<int>() <= most) return;
            result.AddError($"--count must be between 1 and {most}");
        });
        return count;
    }

    public static Option<string[]> Files() => new("--filename", "-f")
    {
        Description = "A file, a folder (its .yaml, .yml and .json files) or - for standard input; repeatable",
        HelpName = "FILE|DIR|-",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
    };

    public static Option<OutputFormat> Format()
    {
        var option = new Option<OutputFormat>("--output", "-o")
        {
            Description = "table, json (as the API answers), yaml or wide",
            HelpName = "FORMAT",
        };
        option.AcceptOnlyFromAmong("table", "json", "yaml", "wide");
        return option;
    }

    /// <summary>For commands that report rather than list.</summary>
    public static Option<OutputFormat> ReportFormat()
    {
        var option = new Option<OutputFormat>("--output", "-o")
        {
            Description = "table (text), json (as the API answers) or yaml",
            HelpName = "FORMAT",
        };
        option.AcceptOnlyFromAmong("table", "json", "yaml");
        return option;
    }
}
