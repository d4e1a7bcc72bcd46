using System.CommandLine;
using MeshOrleans.Cli;
using MeshOrleans.Cli.Commands;
using MeshOrleans.Cli.Input;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Silo.Tests.Cli;

public sealed class CommandTreeTests
{
    [Theory]
    [InlineData("plan")]
    [InlineData("pc")]
    [InlineData("x")]
    [InlineData("rollback")]
    public async Task A_command_of_the_contract_that_is_missing_says_so(string verb)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunBareAsync(verb, "-f", "x.yaml");

        Assert.Equal((2, "", $"meshctl: '{verb}' is not part of this version\n"), (result.Code, result.Out, result.Error));
    }

    [Theory]
    [InlineData("aply -f x", "'aply' is no command")]
    [InlineData("apply", "Option '--filename' is required")]
    [InlineData("get", "Required argument 'KIND[/NAME]' missing")]
    [InlineData("get vs -o xml", "'xml' not recognized. Must be one of: 'table' 'json' 'yaml' 'wide'")]
    [InlineData("history --count 0", "must be between 1 and 500")]
    [InlineData("certs --nonsense", "--nonsense")]
    public async Task A_wrong_command_line_is_a_usage_error(string line, string message)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunBareAsync(line.Split(' '));

        Assert.Equal((2, ""), (result.Code, result.Out));
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("workload")]
    public async Task A_group_without_its_verb_lists_the_verbs(string line)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunBareAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, result.Code);
        Assert.Contains("Commands:", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_command_explains_itself_with_examples_that_parse()
    {
        await using var cli = await CliRun.StartAsync();
        var host = new CliHost(TextWriter.Null, TextWriter.Null, Stream.Null, _ => null, TimeProvider.System, null);
        var root = CommandTree.Create(host);

        var commands = All(root).ToArray();

        Assert.All(commands, c => Assert.NotEmpty(((CliCommand)c).Examples));
        Assert.All(
            commands.SelectMany(c => ((CliCommand)c).Examples),
            example => Assert.Empty(root.Parse(example.Split(" > ")[0].Split(" < ")[0]).Errors));
        var help = await cli.RunBareAsync("help", "workload", "token");
        Assert.Equal(0, help.Code);
        Assert.Contains("Examples:\n  meshctl workload token -n shop", help.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void No_word_means_two_kinds()
    {
        var words = KindName.All.SelectMany(k => new[] { k.Kind, k.Plural, k.Short }.Where(w => w.Length > 0));

        Assert.Equal(words.Count(), words.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Every_kind_the_control_plane_reads_has_a_name_here() =>
        Assert.Equal(ConfigKind.All.Keys.Order(StringComparer.Ordinal), KindName.All.Select(k => k.Kind).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task Version_needs_no_control_plane(string word)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunBareAsync(word);

        Assert.Equal(0, result.Code);
        Assert.Matches(@"^meshctl \d+\.\d+\.\d+\n$", result.Out);
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
