using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>
/// What is known about one inbound connection. Hangs in its features, found again by every request on it.
/// </summary>
internal class InboundConnection(int workloadPort, ConnectionContext connection)
{
    private Stream? _target;
    private int _isCut;

    public int WorkloadPort => workloadPort;

    public ConnectionContext Connection => connection;

    public ClientHello? Hello { get; set; }

    public Caller Caller { get; set; } = Caller.Unknown;

    /// <summary>What the peer has shown; null where it was not asked for anything.</summary>
    public ShownChain? Shown { get; set; }

    /// <summary>What led from the peer's certificate to a root in the handshake; needed to judge it anew.</summary>
    public X509Certificate2Collection Presented { get; } = [];

    /// <summary>When the peer was judged in its handshake: what has ended since then does not end the connection.</summary>
    public DateTimeOffset JudgedAt { get; set; }

    /// <summary>The peer was found wanting when it was judged anew: the connection ends.</summary>
    public bool IsRefused { get; set; }

    /// <summary>The identity under whose bundles the peer was last judged.</summary>
    public TlsIdentity? JudgedUnder { get; set; }

    /// <summary>The file of a model whose certificates may not come; empty for none, as peers of the mesh are not in files.</summary>
    public virtual string RevokedFileIn(ProxyModel model) => "";

    /// <summary>Why the rules of a model would not let its bytes in, in words; null when they would.</summary>
    public virtual string? FindFault(ProxyModel model)
    {
        if (!model.Inbound.TryGetValue(workloadPort, out var port)) return "the port is gone";
        return port.Mode is InboundTlsMode.Strict && !Caller.IsMutualTls
            ? "the port takes mesh mTLS only"
            : FindFault(port.Authorization);
    }

    /// <summary>Its bytes go there from now on, and what is cut is cut there as well.</summary>
    public Stream LeadTo(Stream target)
    {
        Interlocked.Exchange(ref _target, target); // before the look, as the other side writes before its own
        if (Volatile.Read(ref _isCut) == 1) target.Dispose();
        return target;
    }

    /// <summary>
    /// Ends it at once, and where its bytes go: when its peer has ended one direction nobody reads it, who would notice.
    /// </summary>
    /// <returns>False when it was cut before.</returns>
    public bool Cut(string why)
    {
        if (Interlocked.Exchange(ref _isCut, 1) == 1) return false;
        connection.Abort(new ConnectionAbortedException(why));
        Volatile.Read(ref _target)?.Dispose();
        return true;
    }

    /// <summary>Why a policy does not let the connection in, in words; null when it does.</summary>
    protected string? FindFault(AuthorizationModel policy)
    {
        var view = new ConnectionView(connection, this);
        var verdict = policy.DecideConnection(in view);
        return verdict.Allowed ? null : $"refused by {verdict.Policy ?? "no policy that allows it"}";
    }
}
