using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;
using MeshOrleans.Silo.Api;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Silo.Explanations;

/// <summary>A request that can be explained.</summary>
/// <param name="Scope">The client's sidecar.</param>
/// <param name="Workload">The client; null when it is only described.</param>
/// <param name="Plaintext">It has no sidecar.</param>
/// <param name="Host">The host as the client writes it, with the port if it names one.</param>
/// <param name="RawTarget">Path and query as it writes them.</param>
/// <param name="Method">The method.</param>
/// <param name="Headers">The headers; names without case.</param>
internal sealed record ExplainedCall(
    ProxyScope Scope,
    Workload? Workload,
    bool Plaintext,
    string Host,
    string RawTarget,
    string Method,
    ImmutableDictionary<string, string> Headers)
{
    /// <summary>The client's own address; null when unknown.</summary>
    public IPAddress? Address => IPAddress.TryParse(Workload?.Address, out var address) ? address : null;
}

/// <summary>Reads the body of a question, with everything that is wrong with it.</summary>
internal sealed class CallReader(MeshSnapshot snapshot)
{
    private const int MaxHeaders = 100;
    private const int MaxText = 8 * 1024;

    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    private static readonly SearchValues<char> HostText = SearchValues.Create(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:[]");

    private readonly List<ProblemError> _errors = [];

    /// <summary>The call; null when there are errors.</summary>
    public (ExplainedCall? Call, IReadOnlyList<ProblemError> Errors) Read(ExplainRequest request)
    {
        var (scope, workload) = ReadSource(request);
        var host = ReadHost(request.To);
        if (!IsToken(request.Method)) Refuse("method", "is no HTTP method");
        if (request.Method.Equals("CONNECT", StringComparison.OrdinalIgnoreCase))
        {
            Refuse("method", "opens a connection: explain the request that is sent through it");
        }

        if (request.Path.Length > MaxText || !request.Path.StartsWith('/')) Refuse("path", "must begin with a slash");
        var headers = ReadHeaders(request.Headers);
        if (_errors.Count > 0) return (null, _errors);
        return (new ExplainedCall(
            scope!,
            workload,
            request.Plaintext ?? workload is { HasSidecar: false },
            host,
            request.Path,
            Microsoft.AspNetCore.Http.HttpMethods.GetCanonicalizedValue(request.Method),
            headers), _errors);
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

    private string ReadHost(string to)
    {
        if (to.Contains('/'))
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
            if (port.Length > 0) return ReadHost(full + port);
            return service.Ports is [var only] ? ReadHost($"{full}:{only.Number}")
                : service.FindPort(80) is not null ? ReadHost(full)
                : Refuse("to", $"needs a port: {string.Join(", ", service.Ports.Select(p => p.Number))}");
        }

        var authority = Model.Evaluation.HostName.Normalize(to);
        var isWrong = to.Length is 0 or > 300
            || to.AsSpan().ContainsAnyExcept(HostText)
            || Model.Evaluation.HostName.WithoutPort(authority).IsEmpty
            || (HasPort(authority) && Model.Evaluation.HostName.Port(authority) is null);
        return isWrong ? Refuse("to", "must be a host, perhaps with a port of 1 to 65535, or namespace/service") : to;
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

    private ImmutableDictionary<string, string> ReadHeaders(ImmutableDictionary<string, string> headers)
    {
        var read = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        if (headers.Count > MaxHeaders) Refuse("headers", $"are more than {MaxHeaders}");
        foreach (var (name, value) in headers.Take(MaxHeaders))
        {
            var path = $"headers.{name}";
            if (!IsToken(name)) Refuse(path, "is no header's name");
            else if (name.Equals("host", StringComparison.OrdinalIgnoreCase)) Refuse(path, "is said by 'to'");
            else if (!IsValue(value)) Refuse(path, "is no header's value");
            else if (!read.TryAdd(name, value)) Refuse(path, "is there twice");
        }

        return read.ToImmutable();
    }

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
