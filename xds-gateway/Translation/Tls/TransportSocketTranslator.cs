using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Cluster;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.ProxyProtocol;
using MeshOrleans.Xds.Protocol.RawBuffer;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Tls;

/// <summary>Says with which TLS a cluster is called.</summary>
/// <remarks>
/// Without a word in a DestinationRule each endpoint decides: mesh mTLS where it has a sidecar that takes it, else
/// plaintext. The SPIFFE IDs that a server may show are those of the service's accounts, each with its own trust
/// domain; with none known there is one that nobody has, for an empty list would let everybody in. The ALPN offered
/// names the HTTP version that the cluster is configured with; see <see cref="HttpProtocolTranslator"/>.
/// </remarks>
internal static class TransportSocketTranslator
{
    private const string TlsMode = "tlsMode";

    /// <summary>The path of an identity that the authority gives to nobody.</summary>
    private const string Nobody = "nobody";

    /// <summary>
    /// Envoy does not know where its machine keeps roots: this is where most do. A machine that does not gets no
    /// cluster, which is better than a server that nobody checks.
    /// </summary>
    private const string SystemRoots = "/etc/ssl/certs/ca-certificates.crt";

    private const string RawBufferName = "envoy.transport_sockets.raw_buffer";
    private const string ProxyProtocolName = "envoy.transport_sockets.upstream_proxy_protocol";

    public static void Apply(Cluster cluster, ProxyView view, OutboundCluster source)
    {
        switch (source.Policy.Tls)
        {
            case null when view.Mesh.Settings.AutoMtls && !source.Service.IsExternal:
                AddAutomatic(cluster, view, source);
                break;
            case { Mode: ClientTlsMode.IstioMutual } tls:
                cluster.TransportSocket = MeshTls.Socket(MeshMutual(view, source, tls)
                    ?? throw new InvalidOperationException($"{source.Name} demands mTLS of who has none."));
                break;
            case { Mode: ClientTlsMode.Simple or ClientTlsMode.Mutual } tls:
                cluster.TransportSocket = MeshTls.Socket(Own(view.Scope, source, tls));
                break;
            default:
                break; // plaintext
        }

        if (source.Policy.ProxyProtocol is { } version) BeginWithHeader(cluster, version);
    }

    /// <summary>Every connection begins with a header of the PROXY protocol, before any handshake.</summary>
    private static void BeginWithHeader(Cluster cluster, ProxyProtocolVersion version)
    {
        foreach (var match in cluster.TransportSocketMatches) match.TransportSocket = Wrap(match.TransportSocket);
        if (cluster.TransportSocketMatches.Count == 0) cluster.TransportSocket = Wrap(cluster.TransportSocket);

        TransportSocket Wrap(TransportSocket? inner) => new()
        {
            Name = ProxyProtocolName,
            TypedConfig = Any.Pack(new ProxyProtocolUpstreamTransport
            {
                Config = new()
                {
                    Version = version is ProxyProtocolVersion.V2
                        ? ProxyProtocolConfig.Types.Version.V2
                        : ProxyProtocolConfig.Types.Version.V1,
                },
                TransportSocket = inner ?? Plaintext(),
            }),
        };
    }

    private static TransportSocket Plaintext() =>
        new() { Name = RawBufferName, TypedConfig = Any.Pack(new RawBuffer()) };

    private static void AddAutomatic(Cluster cluster, ProxyView view, OutboundCluster source)
    {
        if (MeshMutual(view, source, null) is not { } mutual) return; // in clear text, and who demands more refuses it
        cluster.TransportSocketMatches.Add(new Cluster.Types.TransportSocketMatch
        {
            Name = "tlsMode-istio",
            Match = new Struct { Fields = { [TlsMode] = Value.ForString("istio") } },
            TransportSocket = MeshTls.Socket(mutual),
        });
        cluster.TransportSocketMatches.Add(new Cluster.Types.TransportSocketMatch
        {
            Name = "tlsMode-disabled",
            Match = new Struct(),
            TransportSocket = Plaintext(),
        });
    }

    /// <summary>
    /// Of whom the server must be one when it is called with mesh mTLS; empty for anybody, which only a service gets
    /// whose members nobody can know (it is reached at whatever address the client has).
    /// </summary>
    public static IReadOnlyCollection<string> MeshIdentities(ProxyView view, OutboundCluster source, ClientTls? tls)
    {
        if (tls is { SubjectAltNames.IsEmpty: false }) return tls.SubjectAltNames;
        var names = Identities(view, source, tls is not null);
        var isUnknowable = source.Service.Resolution is ServiceResolution.None or ServiceResolution.DynamicDns;
        if (names.Count == 0 && !isUnknowable) names.Add($"spiffe://{view.Mesh.Settings.TrustDomains[0]}/{Nobody}");
        return names;
    }

    /// <summary>Null when the client has no certificate to show.</summary>
    private static UpstreamTlsContext? MeshMutual(ProxyView view, OutboundCluster source, ClientTls? tls)
    {
        if (MeshTls.Client(view.Scope, MeshIdentities(view, source, tls)) is not { } context) return null;
        context.AlpnProtocols.AddRange(MeshAlpns(source));
        return new UpstreamTlsContext
        {
            Sni = tls is { Sni.Length: > 0 } ? tls.Sni : source.ServerName,
            CommonTlsContext = context,
        };
    }

    /// <summary>
    /// The accounts that configuration names for the service and those of its members, in fixed order; of this mesh's
    /// own in all of its trust domains. Members that are unhealthy and those of other subsets are among them, so that
    /// most of what happens to members leaves the cluster as it is. Where mesh mTLS is demanded of everybody, those
    /// without a sidecar have to prove their service account themselves.
    /// </summary>
    private static SortedSet<string> Identities(ProxyView view, OutboundCluster source, bool isDemanded)
    {
        var names = new SortedSet<string>(source.Service.SubjectAltNames, StringComparer.Ordinal);
        var domains = view.Mesh.Settings.TrustDomains;
        foreach (var account in source.Service.ServiceAccounts)
        {
            foreach (var domain in domains) names.Add($"spiffe://{domain}/ns/{source.Service.Namespace}/sa/{account}");
        }

        foreach (var workload in source.Siblings.Select(e => e.Workload).Where(w => w.HasSidecar || isDemanded))
        {
            if (workload.Identity is { } foreign && foreign.TrustDomain.Name != domains[0])
            {
                names.Add(foreign.ToString());
            }
            else if (workload.Identity is not null || !workload.HasSidecar)
            {
                var path = workload.Identity?.Path ?? $"/ns/{workload.Namespace}/sa/{workload.ServiceAccount}";
                foreach (var domain in domains) names.Add($"spiffe://{domain}{path}");
            }
        }

        return names;
    }

    private static string[] MeshAlpns(OutboundCluster source) =>
        !source.Port.Protocol.IsHttp() ? ["istio"]
        : HttpProtocolTranslator.IsHttp2(source) ? ["istio-h2", "istio", "h2"]
        : ["istio-http/1.1", "istio", "http/1.1"];

    /// <summary>TLS of the application's own kind, as a DestinationRule asks for it.</summary>
    private static UpstreamTlsContext Own(ProxyScope scope, OutboundCluster source, ClientTls tls)
    {
        // nobody gives a stock Envoy the credentials of its machine: it believes nobody, and shows nothing
        var credential = scope.Mode is ProxyMode.Envoy ? "" : tls.CredentialName;
        var demands = OwnDemands(scope, source, tls, credential);
        var context = new CommonTlsContext();
        if (credential.Length == 0 || tls.InsecureSkipVerify is true)
        {
            context.ValidationContext = demands;
        }
        else
        {
            context.CombinedValidationContext = new()
            {
                DefaultValidationContext = demands,
                ValidationContextSdsSecretConfig = Credentials.Roots(credential),
            };
        }

        if (tls.Mode is ClientTlsMode.Mutual && credential.Length > 0)
        {
            context.TlsCertificateSdsSecretConfigs.Add(Credentials.Secret(credential));
        }
        else if (tls.Mode is ClientTlsMode.Mutual && tls.ClientCertificate.Length > 0)
        {
            context.TlsCertificates.Add(new TlsCertificate
            {
                CertificateChain = new DataSource { Filename = tls.ClientCertificate },
                PrivateKey = new DataSource { Filename = tls.PrivateKey },
            });
        }

        if (HttpProtocolTranslator.IsHttp2(source)) context.AlpnProtocols.Add("h2");
        return new UpstreamTlsContext
        {
            CommonTlsContext = context,
            Sni = tls.Sni.Length > 0 ? tls.Sni : source.Service.Host.StartsWith('*') ? "" : source.Service.Host,
        };
    }

    private static CertificateValidationContext OwnDemands(
        ProxyScope scope, OutboundCluster source, ClientTls tls, string credential)
    {
        var context = new CertificateValidationContext();
        if (tls.InsecureSkipVerify is true)
        {
            context.TrustChainVerification = CertificateValidationContext.Types.TrustChainVerification.AcceptUntrusted;
            return context;
        }

        if (credential.Length == 0) SetRoots(context, scope, tls);
        if (tls.CaCrl.Length > 0) context.Crl = new DataSource { Filename = tls.CaCrl };
        var isWithout = tls.CredentialName.Length > 0 && credential.Length == 0;
        foreach (var name in isWithout ? [$"spiffe://{Nobody}/{Nobody}"] : OwnNames(source, tls))
        {
            context.MatchTypedSubjectAltNames.Add(new SubjectAltNameMatcher
            {
                SanType = name.Contains("://", StringComparison.Ordinal)
                    ? SubjectAltNameMatcher.Types.SanType.Uri
                    : SubjectAltNameMatcher.Types.SanType.Dns,
                Matcher = new() { Exact = name },
            });
        }

        return context;
    }

    private static void SetRoots(CertificateValidationContext context, ProxyScope scope, ClientTls tls)
    {
        if (tls.CaCertificates.Length > 0) context.TrustedCa = new DataSource { Filename = tls.CaCertificates };
        else if (scope.Mode is ProxyMode.Envoy) context.TrustedCa = new DataSource { Filename = SystemRoots };
        else context.SystemRootCerts = new();
    }

    /// <summary>
    /// A chain that leads to a root says nothing of who it is: without names the host's own is demanded.
    /// </summary>
    private static ImmutableArray<string> OwnNames(OutboundCluster source, ClientTls tls) =>
        !tls.SubjectAltNames.IsEmpty ? tls.SubjectAltNames
        : !source.Service.SubjectAltNames.IsEmpty ? source.Service.SubjectAltNames
        : tls.Sni.Length > 0 ? [tls.Sni]
        : source.Service.Host.StartsWith('*') ? []
        : [source.Service.Host];
}
