using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Dataplane;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Settings;

/// <summary>Texts to <see cref="SidecarSettings"/>, or one clear line about the first that cannot be used.</summary>
internal sealed class SettingsReader(SettingSources sources)
{
    private static readonly SidecarSettings Defaults = new()
    {
        Xds = [], Namespace = "", WorkloadName = "", StateDirectory = "", NodeId = "",
    };

    /// <exception cref="SettingsException">A value is missing or wrong.</exception>
    public static SidecarSettings Read(
        IReadOnlyList<string> arguments, Func<string, string?> environment, string hostName) =>
        new SettingsReader(SettingSources.Read(arguments, environment)).Read(hostName);

    private SidecarSettings Read(string hostName)
    {
        var ns = Name("namespace", Required("namespace"));
        var account = Name("service-account", sources.Find("service-account") ?? Defaults.ServiceAccount);
        var workload = Name("workload-name", sources.Find("workload-name") ?? hostName.ToLowerInvariant());
        var address = Address("address", Defaults.Address);
        var role = OneOf("mode", ("sidecar", ProxyRole.Sidecar), ("gateway", ProxyRole.Gateway));

        return Ports(Defaults with
        {
            Role = role,
            CredentialsDirectory = sources.Find("credentials-dir") is { } directory ? Path.GetFullPath(directory) : "",
            Xds = [.. List("xds", Required("xds")).Select(Gateway)],
            Namespace = ns,
            ServiceAccount = account,
            WorkloadName = workload,
            Labels = Labels(),
            Address = address,
            BindAddress = Address("bind-address", address),
            AppAddress = Address("app-address", Defaults.AppAddress),
            TokenFile = sources.Find("token-file"),
            Token = Token(),
            TrustBundleFile = sources.Find("trust-bundle"),
            TrustDomain = TrustDomainOf(sources.Find("trust-domain")),
            StateDirectory = Path.GetFullPath(sources.Find("state-dir") ?? $"data/sidecar/{ns}.{workload}"),
            NodeId = NodeId(role, $"{address}~{workload}.{ns}~{ns}.svc.cluster.local"),
            ClusterId = sources.Find("cluster-id") ?? "",
            Locality = sources.Find("locality") ?? "",
            Network = sources.Find("network") ?? "",
            Group = sources.Find("group") ?? "",
        });
    }

    private SidecarSettings Ports(SidecarSettings settings) => Switches(settings with
    {
        AppPorts = AppPorts(),
        OutboundPort = Port("outbound-port", Defaults.OutboundPort),
        AdminPort = Port("admin-port", Defaults.AdminPort),
        StatusPort = Port("status-port", Defaults.StatusPort),
        MetricsPort = Port("metrics-port", Defaults.MetricsPort),
    });

    private SidecarSettings Switches(SidecarSettings settings) => settings with
    {
        Lease = TimeSpan.FromSeconds(Number("lease", Defaults.Lease.TotalSeconds, 1, 86_400)),
        DrainTimeout = TimeSpan.FromSeconds(Number("drain-timeout", Defaults.DrainTimeout.TotalSeconds, 0, 3600)),
        Weight = (int)Number("weight", Defaults.Weight, 1, 1_000_000),
        TracingSamplePercent = Number("tracing-sample", Defaults.TracingSamplePercent, 0, 100),
        AccessLog = sources.Find("access-log") ?? Defaults.AccessLog,
        HopEngine = OneOf("hop-engine", ("mesh", HopEngine.Mesh), ("runtime", HopEngine.Runtime)),
        Probe = OneOf("probe", ("none", ProbeKind.None), ("tcp", ProbeKind.Tcp)),
        JsonLog = OneOf("log-format", ("plain", false), ("json", true)),
        LogLevel = OneOf(
            "log-level",
            ("info", LogLevel.Information),
            ("debug", LogLevel.Debug),
            ("warning", LogLevel.Warning),
            ("error", LogLevel.Error)),
    };

    // By the first part of its id the control plane knows a gateway.
    private string NodeId(ProxyRole role, string rest)
    {
        var given = sources.Find("node-id");
        if (role is ProxyRole.Sidecar) return given ?? $"sidecar~{rest}";
        if (sources.Find("app-port") is not null)
        {
            throw new SettingsException("--app-port is for a sidecar; a gateway opens what its Gateway resources say");
        }

        return given is null || given.StartsWith("router~", StringComparison.Ordinal)
            ? given ?? $"router~{rest}"
            : throw new SettingsException($"--node-id: that of a gateway starts with 'router~', and not '{given}'");
    }

    private ImmutableArray<AppPort> AppPorts()
    {
        var ports = List("app-port", sources.Find("app-port"));
        var names = List("port-names", sources.Find("port-names"));
        var inbound = List("inbound-port", sources.Find("inbound-port"));
        if (names.Length > 0 && names.Length != ports.Length)
        {
            throw NotAligned("port-names", names.Length, ports.Length);
        }

        if (inbound.Length > 0 && inbound.Length != ports.Length)
        {
            throw NotAligned("inbound-port", inbound.Length, ports.Length);
        }

        var result = ImmutableArray.CreateBuilder<AppPort>(ports.Length);
        foreach (var (i, text) in ports.Index())
        {
            var port = PortOf("app-port", text, least: 1);
            if (result.Any(p => p.Port == port)) throw new SettingsException($"--app-port names {port} twice");
            var name = names.Length > 0 ? Name("port-names", names[i]) : i == 0 ? "http" : $"http-{port}";
            if (result.Any(p => p.Name == name)) throw new SettingsException($"--port-names names '{name}' twice");
            result.Add(
                new AppPort(
                    name, port, inbound.Length > 0 ? PortOf(
                        "inbound-port", inbound[i], least: 0) : i == 0 ? 15006 : 0));
        }

        return result.ToImmutable();
    }

    private ImmutableSortedDictionary<string, string> Labels()
    {
        var labels = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var pair in List("labels", sources.Find("labels")))
        {
            var equals = pair.IndexOf('=');
            if (equals <= 0) throw new SettingsException($"--labels: '{pair}' is not of the form key=value");
            if (!labels.TryAdd(pair[..equals].Trim(), pair[(equals + 1)..].Trim()))
            {
                throw new SettingsException($"--labels names '{pair[..equals]}' twice");
            }
        }

        return labels.ToImmutable();
    }

    private JoinToken? Token()
    {
        if (sources.Find("token") is not { } text) return null;
        return JoinToken.TryParse(text, out var token)
            ? token
            : throw new SettingsException("the join token is not of the form mt1.SECRET.PIN");
    }

    private static TrustDomain TrustDomainOf(string? text)
    {
        if (text is null) return Defaults.TrustDomain;
        return TrustDomain.TryParse(text, out var domain)
            ? domain
            : throw new SettingsException($"--trust-domain: '{text}' is not a trust domain");
    }

    private static HostPort Gateway(string text) => HostPort.TryParse(text, out var gateway)
        ? gateway
        : throw new SettingsException($"--xds: '{text}' is not of the form HOST:PORT");

    private string Required(string name) =>
        sources.Find(name) ?? throw new SettingsException(
            $"--{name} {Flags.Find(name)!.Shape} is required (or {Flags.Find(name)!.Variable}); see --help");

    // The SPIFFE ID and the node id are made of these; '~' would end a part of the node id.
    private static string Name(string flag, string text) =>
        text.Length <= 253 && text is not ("." or "..") && text.All(
            c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')
            ? text
            : throw new SettingsException($"--{flag}: '{text}' may only have letters, digits, '-', '.' and '_'");

    private string Address(string name, string fallback)
    {
        var text = sources.Find(name) ?? fallback;
        return IPAddress.TryParse(text, out _)
            ? text
            : throw new SettingsException($"--{name}: '{text}' is not an IP address");
    }

    private int Port(string name, int fallback) =>
        sources.Find(name) is { } text ? PortOf(name, text, least: 0) : fallback;

    private static int PortOf(string name, string text, int least) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port >= least
            ? port
            : throw new SettingsException($"--{name}: '{text}' is not a port ({least}-65535)");

    private double Number(string name, double fallback, double least, double most)
    {
        if (sources.Find(name) is not { } text) return fallback;
        return double.TryParse(
            text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most
            ? value
            : throw new SettingsException($"--{name}: '{text}' is not a number from {least:0} to {most:0}");
    }

    private T OneOf<T>(string name, params ReadOnlySpan<(string Text, T Value)> choices)
    {
        if (sources.Find(name) is not { } text) return choices[0].Value;
        foreach (var choice in choices)
        {
            if (choice.Text == text) return choice.Value;
        }

        throw new SettingsException($"--{name}: '{text}' is not one of {Flags.Find(name)!.Shape}");
    }

    private static string[] List(string name, string? text)
    {
        if (text is null) return [];
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        return parts.Contains("") ? throw new SettingsException($"--{name}: '{text}' has an empty part") : parts;
    }

    private static SettingsException NotAligned(string name, int count, int ports) =>
        new($"--{name} has {count} values for {ports} application ports; give one for each --app-port");
}
