using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Silo.Api;
using MeshOrleans.Xds.Translation.Origins;
using MeshOrleans.Xds.Translation.Scopes;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Silo.Explanations;

/// <summary>A request or connection that can be explained.</summary>
/// <param name="Scope">The client's sidecar, or the gateway at which somebody from outside enters.</param>
/// <param name="Workload">The client, or that gateway; null when it is only described.</param>
/// <param name="Plaintext">The client has no sidecar.</param>
/// <param name="Host">The host as the client writes it, with the port if it names one.</param>
/// <param name="Port">The port that is called.</param>
/// <param name="RawTarget">Path and query as it writes them.</param>
/// <param name="Method">The method.</param>
/// <param name="Headers">The headers; names without case.</param>
internal sealed record ExplainedCall(
    ProxyScope Scope,
    Workload? Workload,
    bool Plaintext,
    string Host,
    int Port,
    string RawTarget,
    string Method,
    ImmutableDictionary<string, StringValues> Headers)
{
    /// <summary>The gateway at which it enters, as it was asked for; null for a call of the mesh.</summary>
    public string? Gateway { get; init; }

    /// <summary>What is spoken.</summary>
    public CallProtocol Protocol { get; init; }

    /// <summary>The name that its TLS handshake asks for; empty without.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>The client's own address; null when unknown.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Somebody sends it who is not of the mesh.</summary>
    public bool IsFromOutside => Gateway is not null;

    /// <summary>Requests are asked about, and not a connection.</summary>
    public bool IsRequest => Protocol is CallProtocol.Http or CallProtocol.Https;

    /// <summary>What goes over the wire.</summary>
    public Traffic Traffic => new(
        IsRequest ? new CallFacts(Method, Host, new RequestTarget(RawTarget, ""), Headers) : Traffic.Nothing,
        IsRequest,
        Protocol is CallProtocol.Https or CallProtocol.Tls,
        ServerName);
}

/// <summary>Reads the body of a question, with everything that is wrong with it.</summary>
internal sealed class CallReader(MeshSnapshot snapshot)
{
    private const int MaxHeaders = 100;
    private const int MaxText = 8 * 1024;
    private const int MaxName = 253; // RFC 1035 section 2.3.4
    private const int HttpPort = 80;
    private const int TlsPort = 443;

    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    private static readonly SearchValues<char> HostText = SearchValues.Create(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:[]");

    private readonly List<ProblemError> _errors = [];

    /// <summary>The call; null when there are errors.</summary>
    public (ExplainedCall? Call, IReadOnlyList<ProblemError> Errors) Read(ExplainRequest request)
    {
        var isRequest = request.Protocol is CallProtocol.Http or CallProtocol.Https;
        var isTls = request.Protocol is CallProtocol.Https or CallProtocol.Tls;
        var (scope, workload) = request.Gateway is { } gateway ? ReadGateway(request, gateway) : ReadSource(request);
        var host = ReadHost(request.To, isTls ? TlsPort : isRequest ? HttpPort : null, request.Gateway is not null);
        if (!IsToken(request.Method)) Refuse("method", "is no HTTP method");
        if (request.Method.Equals("CONNECT", StringComparison.OrdinalIgnoreCase))
        {
            Refuse("method", "opens a connection: explain the request that is sent through it, or ask with tcp or tls");
        }

        if (request.Path.Length > MaxText || !request.Path.StartsWith('/')) Refuse("path", "must begin with a slash");
        var headers = ReadHeaders(request.Headers);
        var plaintext = request.Plaintext ?? workload is { HasSidecar: false };
        if (request.Protocol is CallProtocol.Https && request.Gateway is null && !plaintext && _errors.Count == 0)
        {
            Refuse("protocol", "the client's sidecar does not read what its application encrypts: ask with tls");
        }

        var serverName = ReadServerName(request, host, isTls);
        var address = ReadAddress(request, workload);
        if (_errors.Count > 0) return (null, _errors);
        return (new ExplainedCall(
            scope!,
            workload,
            plaintext,
            host,
            Model.Evaluation.HostName.Port(Model.Evaluation.HostName.Normalize(host)) ?? (isTls ? TlsPort : HttpPort),
            request.Path,
            Microsoft.AspNetCore.Http.HttpMethods.GetCanonicalizedValue(request.Method),
            headers)
        {
            Gateway = request.Gateway,
            Protocol = request.Protocol,
            ServerName = serverName,
            Address = address,
        }, _errors);
    }

    private (ProxyScope? Scope, Workload? Workload) ReadGateway(ExplainRequest request, string gateway)
    {
        if (request.From.Length > 0) Refuse("from", "is of the mesh, and who enters at a gateway is not: say one");
        if (request.Plaintext is not null) Refuse("plaintext", "is for clients of the mesh");
        if (request.ServiceAccount is not null) Refuse("serviceAccount", "is for clients of the mesh");
        if (request.Labels is not null) Refuse("labels", "is for clients of the mesh");
        var (ns, name) = Split(gateway);
        if (name.Length == 0 || ns.Length == 0 || !IsNamed(ns))
        {
            Refuse("gateway", "must be namespace/name of a workload or a Gateway");
            return default;
        }

        if (snapshot.Workloads.TryGetValue($"{ns}/{name}", out var exact)) return AsGateway(exact);
        if (EdgeOrigins.SelectorOf(snapshot, ns, name) is { } asked)
        {
            var found = snapshot.Workloads.Values.FirstOrDefault(w => !w.HasSidecar
                && (asked.Namespace.Length == 0 || asked.Namespace == w.Namespace)
                && asked.Selector.Count > 0
                && LabelSelector.Matches(asked.Selector, w.Labels));
            if (found is not null) return AsGateway(found);
            return (new ProxyScope
            {
                Mode = ProxyMode.Gateway,
                Namespace = asked.Namespace.Length > 0 ? asked.Namespace : ns,
                ServiceAccount = "default",
                Labels = asked.Selector,
            }, null);
        }

        if (Find(ns, name, request) is { } alike) return AsGateway(alike);
        Refuse("gateway", $"there is no workload and no Gateway {ns}/{name}");
        return default;
    }

    private (ProxyScope? Scope, Workload? Workload) AsGateway(Workload workload)
    {
        if (!workload.HasSidecar) return (ScopeModels.GatewayScopeOf(workload), workload);
        Refuse("gateway", $"{workload.Namespace}/{workload.Name} has a sidecar, and so is no gateway");
        return default;
    }

    private string ReadServerName(ExplainRequest request, string host, bool isTls)
    {
        if (request.ServerName is not { } asked)
        {
            var name = Model.Evaluation.HostName.WithoutPort(Model.Evaluation.HostName.Normalize(host)).ToString();
            return isTls && !IPAddress.TryParse(name.Trim('[', ']'), out _) ? name : "";
        }

        if (!isTls) return Refuse("serverName", "is of a TLS handshake: ask with protocol https or tls");
        return asked.Length > MaxName || asked.AsSpan().ContainsAnyExcept(HostText) || asked.Contains(':')
            ? Refuse("serverName", "must be a DNS name")
            : asked.ToLowerInvariant();
    }

    private IPAddress? ReadAddress(ExplainRequest request, Workload? workload)
    {
        if (request.ClientAddress is not { } asked)
        {
            return request.Gateway is null && IPAddress.TryParse(workload?.Address, out var own) ? own : null;
        }

        if (request.Gateway is null) Refuse("clientAddress", "is known of clients of the mesh");
        else if (IPAddress.TryParse(asked, out var address)) return address;
        else Refuse("clientAddress", "must be an IP address");
        return null;
    }

    private (ProxyScope? Scope, Workload? Workload) ReadSource(ExplainRequest request)
    {
        var (ns, name) = Split(request.From);
        if (name.Length == 0 || ns.Length == 0 || name.Contains('/'))
        {
            Refuse("from", "must be namespace/name of a workload");
            return default;
        }

        if (!IsNamed(ns) || (request.ServiceAccount is { } account && !IsNamed(account)))
        {
            Refuse(IsNamed(ns) ? "serviceAccount" : "from", "is no name that a workload could prove to have");
            return default;
        }

        if (Find(ns, name, request) is { } found) return (ScopeModels.ScopeOf(found), found);
        if (request.ServiceAccount is null && request.Labels is null)
        {
            var known = snapshot.Workloads.Values.Where(w => w.Namespace == ns).Select(w => w.Name).Take(10).ToList();
            Refuse("from", $"there is no workload {ns}/{name}; "
                + (known.Count > 0 ? $"in {ns} there are {string.Join(", ", known)}" : $"there is none at all in {ns}")
                + ". Say serviceAccount or labels to ask for one that is not there");
            return default;
        }

        return (new ProxyScope
        {
            Namespace = ns,
            ServiceAccount = request.ServiceAccount ?? "default",
            Labels = request.Labels ?? ImmutableSortedDictionary<string, string>.Empty,
        }, null);
    }

    private static bool IsNamed(string name) =>
        !name.Contains('/') && SpiffeId.TryParse($"spiffe://td/ns/{name}/sa/x", out _);

    private Workload? Find(string ns, string name, ExplainRequest request)
    {
        if (snapshot.Workloads.TryGetValue($"{ns}/{name}", out var exact)) return exact;
        if (request.ServiceAccount is not null || request.Labels is not null) return null;
        var own = snapshot.Workloads.Values.Where(w => w.Namespace == ns).ToList();
        return own.Find(w => w.Labels.GetValueOrDefault("app") == name)
            ?? own.Find(w => w.Group == name)
            ?? own.Find(w => w.ServiceAccount == name);
    }

    /// <param name="to">As it was asked.</param>
    /// <param name="usual">The port where none is said; null where one must be.</param>
    /// <param name="isFromOutside">Services have no names of their own there.</param>
    private string ReadHost(string to, int? usual, bool isFromOutside)
    {
        if (to.Contains('/') && !isFromOutside)
        {
            var (ns, name) = Split(to);
            var port = HostName(name, out var bare);
            if (ns.Length == 0 || bare.Length == 0 || name.Contains('/'))
            {
                return Refuse("to", "must be a host or namespace/service");
            }

            var full = MeshOrleans.Model.Topology.HostName.Of(bare, ns);
            var service = ServiceRegistry.From(snapshot).FindOwn(bare, ns);
            if (service is null) return Refuse("to", $"there is no service {ns}/{bare}");
            if (port.Length > 0) return ReadHost(full + port, usual, isFromOutside);
            return service.Ports is [var only] ? ReadHost($"{full}:{only.Number}", usual, isFromOutside)
                : usual is { } number && service.FindPort(number) is not null ? ReadHost(full, usual, isFromOutside)
                : Refuse("to", $"needs a port: {string.Join(", ", service.Ports.Select(p => p.Number))}");
        }

        var authority = Model.Evaluation.HostName.Normalize(to);
        var isWrong = to.Length is 0 or > 300
            || to.AsSpan().ContainsAnyExcept(HostText)
            || Model.Evaluation.HostName.WithoutPort(authority).IsEmpty
            || (HasPort(authority) && Model.Evaluation.HostName.Port(authority) is null);
        if (isWrong) return Refuse("to", "must be a host, perhaps with a port of 1 to 65535, or namespace/service");
        return usual is null && Model.Evaluation.HostName.Port(authority) is null
            ? Refuse("to", "needs a port where bytes are sent")
            : to;
    }

    private static bool HasPort(string authority) =>
        Model.Evaluation.HostName.WithoutPort(authority).Length < authority.Length;

    // ":8080" behind a name, or nothing
    private static string HostName(string text, out string name)
    {
        var colon = text.IndexOf(':');
        name = colon < 0 ? text : text[..colon];
        return colon < 0 ? "" : text[colon..];
    }

    private ImmutableDictionary<string, StringValues> ReadHeaders(ImmutableDictionary<string, StringValues> headers)
    {
        var read = ImmutableDictionary.CreateBuilder<string, StringValues>(StringComparer.OrdinalIgnoreCase);
        if (headers.Sum(header => header.Value.Count) > MaxHeaders) Refuse("headers", $"are more than {MaxHeaders}");
        foreach (var (name, lines) in headers.Take(MaxHeaders))
        {
            var path = $"headers.{name}";
            if (!IsToken(name)) Refuse(path, "is no header's name");
            else if (name.Equals("host", StringComparison.OrdinalIgnoreCase)) Refuse(path, "is said by 'to'");
            else if (lines.Count == 0) Refuse(path, "has no value");
            else if (!lines.All(IsValue)) Refuse(path, "is no header's value");
            else if (!read.TryAdd(name, Trimmed(lines))) Refuse(path, "is there twice");
        }

        return read.ToImmutable();
    }

    private static StringValues Trimmed(StringValues lines) =>
        lines.Count == 1 ? lines[0]!.Trim(' ', '\t') : lines.Select(line => line!.Trim(' ', '\t')).ToArray();

    private static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Token);

    private static bool IsValue(string? text) =>
        text is not null && text.Length <= MaxText && !text.AsSpan().ContainsAny("\r\n\0");

    private static (string Namespace, string Name) Split(string text)
    {
        var slash = text.IndexOf('/');
        return slash < 0 ? ("default", text) : (text[..slash], text[(slash + 1)..]);
    }

    private string Refuse(string path, string message)
    {
        _errors.Add(ProblemError.At(path, message));
        return "";
    }
}
