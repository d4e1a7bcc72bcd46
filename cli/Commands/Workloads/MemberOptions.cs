using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Input;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>What describes a member on the command line; <c>register</c> and <c>configure</c> share it.</summary>
internal sealed class MemberOptions
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the workload" };
    private readonly Option<string?> _namespace = CommonOptions.Namespace("Its namespace (default)");
    private readonly Option<string?> _serviceAccount =
        CommonOptions.Text("--service-account", "SA", "Its service account (default)");
    private readonly Option<string?> _locality =
        CommonOptions.Text("--locality", "REGION/ZONE/SUBZONE", "Where it runs");
    private readonly Option<string?> _network =
        CommonOptions.Text("--network", "NAME", "The network it is on");
    private readonly Option<string?> _group =
        CommonOptions.Text("--group", "NAME", "The WorkloadGroup it joins");
    private readonly Option<string?> _lease =
        CommonOptions.Text("--lease", "DURATION", "How long it counts without a sign of life (30s)");

    private readonly Option<string> _address = new("--address")
    {
        Description = "Address at which other members reach it",
        HelpName = "ADDRESS",
        Required = true,
    };

    private readonly Option<string[]> _ports = new("--port")
    {
        Description = "A port of the application; repeatable, or separated by commas",
        HelpName = "NAME=N",
        Required = true,
    };

    private readonly Option<string[]> _labels = new("--label", "-l")
    {
        Description = "A label that selectors match; repeatable, or separated by commas",
        HelpName = "K=V",
    };

    private readonly Option<int?> _weight = new("--weight")
    {
        Description = "Its share of traffic relative to its peers (1)",
        HelpName = "N",
    };

    public void AddTo(Command command)
    {
        command.Arguments.Add(_name);
        Option[] options =
            [_address, _ports, _namespace, _serviceAccount, _labels, _locality, _network, _group, _weight, _lease];
        foreach (var option in options) command.Options.Add(option);
    }

    /// <exception cref="CliException">A value is not what its flag asks for.</exception>
    public WorkloadRequest Read(ParseResult parsed) => new(
        parsed.GetValue(_namespace) ?? CommonOptions.DefaultNamespace,
        parsed.GetRequiredValue(_name),
        parsed.GetRequiredValue(_address),
        KeyValues.Ports(parsed.GetRequiredValue(_ports), "--port"),
        KeyValues.Parse(parsed.GetValue(_labels) ?? [], "--label"),
        parsed.GetValue(_serviceAccount),
        parsed.GetValue(_locality),
        parsed.GetValue(_network),
        parsed.GetValue(_group),
        parsed.GetValue(_weight),
        parsed.GetValue(_lease) is { } lease ? Durations.Parse(lease, "--lease").TotalSeconds : null);
}
