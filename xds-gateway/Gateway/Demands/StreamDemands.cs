using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Xds.Gateway.Admission;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Gateway.Demands;

/// <summary>
/// What one stream's workload calls: the hosts it is told of, and the names whose answer is still due. Nothing is taken
/// from it while the stream lives. Used by the stream's loop only.
/// </summary>
internal sealed class StreamDemands(
    ProxyNode node, ScopeMemory memory, XdsGatewayOptions options, TimeProvider clock)
{
    private const int DefaultPort = 80;

    // Twice what a sidecar allows itself. Each question may cost a translation, which others wait for.
    private const int Burst = 100;
    private const int PerSecond = 20;

    private readonly TokenBucket _pace = new(Burst, PerSecond, clock);

    private readonly string? _key = ScopeMemory.KeyOf(node);
    private readonly Dictionary<string, string> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private ImmutableSortedSet<string> _used = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
    private bool _isRecalled;
    private bool _mayName = true;
    private (object Facts, ImmutableSortedSet<string> Used, ProxyScope Scope)? _last;

    /// <summary>
    /// Takes over what the client asks for, by names as the mesh stands now. What it only holds counts if nobody
    /// remembers its like.
    /// </summary>
    /// <exception cref="GrpcException">It asks too often, or too many names wait for their answer.</exception>
    public void Ask(StreamRequest request, MeshIndex mesh)
    {
        if (!_pace.TryTake())
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted, $"The stream asks for hosts more than {PerSecond} times per second.");
        }

        foreach (var name in request.Names)
        {
            if (Find(mesh, name) is not { } host)
            {
                _refused.Add(name);
                continue;
            }

            _waiting[name] = host;
            if (_key is not null) memory.Note(_key, host);
            _used = _used.Add(host);
        }

        if (_mayName)
        {
            _used = _used.Union(request.Held.Keys.Select(name => Find(mesh, name)).OfType<string>());
        }

        if (_waiting.Count + _refused.Count > options.MaxResourceNames)
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted,
                $"At most {options.MaxResourceNames} hosts of a stream may wait for their answer.");
        }
    }

    /// <summary>
    /// What the client is to be told of now. Where the mesh scopes automatically, what its like have called is asked
    /// for once.
    /// </summary>
    public async ValueTask<ProxyScope> ScopeAsync(MeshIndex mesh, CancellationToken cancellationToken)
    {
        if (_last is { } last && ReferenceEquals(last.Facts, mesh.Facts) && ReferenceEquals(last.Used, _used))
        {
            return last.Scope;
        }

        var scope = node.Scope;
        if (AutoScope.AppliesTo(mesh, scope))
        {
            if (!_isRecalled) await RecallAsync(cancellationToken);

            // A proxy that uses this much is better off with everything.
            if (_used.Count <= options.MaxUsedHosts) scope = scope with { Used = _used };
        }

        if (_last?.Scope is { } before && before == scope) scope = before;
        _last = (mesh.Facts, _used, scope);
        return scope;
    }

    /// <summary>The next answer that is due; null when there is none.</summary>
    /// <param name="isBrought">The client has everything that belongs to its scope.</param>
    public Response? Answer(bool isBrought)
    {
        if (_refused.Count == 0 && (_waiting.Count == 0 || !isBrought)) return null;
        ResourceGroup group = ResourceGroup.Of(
            TypeUrls.HostDemand,
            isBrought ? _waiting.Select(w => EncodedResource.Of(w.Key, new StringValue { Value = w.Value })) : []);
        var response = new Response(group, group.Resources, [.. _refused.Order(StringComparer.Ordinal)]);
        _refused.Clear();
        if (isBrought) _waiting.Clear();
        return response;
    }

    /// <summary>Whether an answer waits until the client has everything.</summary>
    public bool IsWaiting => _waiting.Count > 0;

    private async Task RecallAsync(CancellationToken cancellationToken)
    {
        _isRecalled = true;
        if (_key is null || await memory.RecallAsync(_key, cancellationToken) is not { } hosts) return;
        _mayName = hosts.IsEmpty;
        _used = hosts.IsEmpty ? _used : _used.Union(hosts);
    }

    private string? Find(MeshIndex mesh, string name)
    {
        var authority = HostName.Normalize(name);
        var host = HostName.WithoutPort(authority).ToString();
        var port = HostName.Port(authority) ?? (host.Length == authority.Length ? DefaultPort : 0);
        return port == 0 ? null : AutoScope.FindHost(mesh, node.Scope.Namespace, host, port);
    }
}
