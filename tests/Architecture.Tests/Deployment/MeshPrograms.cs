using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>The programs that images hold, read from their sources: what is renamed there is unknown here.</summary>
internal static partial class MeshPrograms
{
    public static ImmutableDictionary<string, MeshProgram> All { get; } =
        new[] { Silo(), Sidecar(), Echo(), Meshctl() }.ToImmutableDictionary(p => p.Name);

    private static MeshProgram Silo()
    {
        var source = Repository.Read("silo/CommandLine.cs");
        var flags = Captures(SiloFlag(), source);
        return new MeshProgram("mesh-silo")
        {
            Flags = [.. flags, "--config"],
            Variables = flags.ToImmutableDictionary(VariableOf),
            Ports = Defaults(SiloPort().Matches(source)),
            LoopbackPorts = ["--xds-plain-port"],
            BindFlags = ["--bind"],
            HealthPaths = [.. Captures(MappedPath(), Repository.Read("silo/Api/MonitoringEndpoints.cs"))],
        };
    }

    private static MeshProgram Sidecar()
    {
        var flags = SidecarFlag().Matches(Repository.Read("proxy/Sidecar/Settings/Flags.cs"));
        var names = flags.Select(m => "--" + m.Groups[1].Value).ToImmutableHashSet();
        var settings = Repository.Read("proxy/Sidecar/Settings/SidecarSettings.cs");
        var inbound = SidecarInbound().Match(Repository.Read("proxy/Sidecar/Settings/SettingsReader.cs"));
        return new MeshProgram("mesh-sidecar")
        {
            Flags = names.Except(flags.Where(m => m.Value.Contains("IsSecret")).Select(m => "--" + m.Groups[1].Value)),
            Variables = names.ToImmutableDictionary(VariableOf),
            Ports = SidecarPort().Matches(settings)
                .ToImmutableDictionary(m => $"--{m.Groups[1].Value.ToLowerInvariant()}-port", m => Number(m.Groups[2]))
                .Add("--inbound-port", Number(inbound.Groups[1])),
            LoopbackPorts = ["--outbound-port", "--admin-port"],
            BindFlags = ["--bind-address", "--address"],
            HealthPaths = [.. Captures(HealthPath(), Repository.Read("proxy/Sidecar/Admin/AdminHandler.cs"))],
        };
    }

    private static MeshProgram Echo()
    {
        var flags = Captures(EchoFlag(), Repository.Read("samples/Echo/EchoOptions.cs"));
        var ports = flags.Where(f => f.EndsWith("port", StringComparison.Ordinal));
        return new MeshProgram("mesh-echo")
        {
            Flags = [.. flags],
            Ports = ports.ToImmutableDictionary(f => f, _ => 0),
            BindFlags = ["--address"],
        };
    }

    private static MeshProgram Meshctl() => new("meshctl")
    {
        Variables = MeshctlCommands.Variables.ToImmutableDictionary(v => v, _ => ""),
        ArgumentRule = MeshctlCommands.Check,
    };

    private static string VariableOf(string flag) => "MESH_" + flag[2..].Replace('-', '_').ToUpperInvariant();

    private static ImmutableDictionary<string, int> Defaults(MatchCollection ports) =>
        ports.ToImmutableDictionary(m => m.Groups[1].Value, m => Number(m.Groups[2]));

    private static int Number(Group digits) => int.Parse(digits.Value, CultureInfo.InvariantCulture);

    private static string[] Captures(Regex pattern, string source) =>
        [.. pattern.Matches(source).Select(m => m.Groups[1].Value).Distinct()];

    [GeneratedRegex("""\["(--[a-z-]+)"\] =""")]
    private static partial Regex SiloFlag();

    // the help text, whose last column is the default
    [GeneratedRegex(@"^ +(--[a-z-]*port) .*\((\d+)\)\r?$", RegexOptions.Multiline)]
    private static partial Regex SiloPort();

    [GeneratedRegex("""MapGet\(\s*"(/healthz/[a-z]+)""")]
    private static partial Regex MappedPath();

    [GeneratedRegex("""new\("([a-z-]+)", .*""")]
    private static partial Regex SidecarFlag();

    [GeneratedRegex(@"public int (\w+)Port \{ get; init; \} = (\d+);")]
    private static partial Regex SidecarPort();

    [GeneratedRegex(@"i == 0 \? (\d{4,5}) : 0")]
    private static partial Regex SidecarInbound();

    [GeneratedRegex("""^ +"(/healthz/[a-z]+)" =>""", RegexOptions.Multiline)]
    private static partial Regex HealthPath();

    [GeneratedRegex("""case "(--[a-z-]+)""")]
    private static partial Regex EchoFlag();
}
