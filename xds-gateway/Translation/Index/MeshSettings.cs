using System.Collections.Frozen;
using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Xds.Translation.Index;

/// <summary>The mesh's settings with every default filled in.</summary>
internal sealed record MeshSettings
{
    private const string DefaultRootNamespace = "istio-system";
    private const string DefaultTrustDomain = "cluster.local";

    /// <summary>The namespace of mesh-wide policies.</summary>
    public string RootNamespace { get; private init; } = DefaultRootNamespace;

    /// <summary>The trust domains that count as this mesh's own, its own first.</summary>
    public ImmutableArray<string> TrustDomains { get; private init; } = [DefaultTrustDomain];

    public OutboundTrafficMode OutboundMode { get; private init; } = OutboundTrafficMode.AllowAny;

    public HttpRetry? DefaultRetry { get; private init; }

    /// <summary>How much of a request's body proxies remember, in bytes; null for their own default.</summary>
    public int? RequestBufferLimit { get; private init; }

    public bool AutoMtls { get; private init; } = true;

    public TimeSpan ConnectTimeout { get; private init; } = TimeSpan.FromSeconds(10);

    public PathNormalization PathNormalization { get; private init; } = PathNormalization.Base;

    public LocalityLoadBalancer? LocalityLb { get; private init; }

    /// <summary>Whom policies may name, by name.</summary>
    public FrozenDictionary<string, ExtensionProvider> Providers { get; private init; } =
        FrozenDictionary<string, ExtensionProvider>.Empty;

    /// <summary>How many proxies in front of gateways are trusted to tell whose request they pass on.</summary>
    public int TrustedProxies { get; private init; }

    /// <summary>Sidecars that can ask on demand get only the hosts that they use.</summary>
    public bool AutoScope { get; private init; }

    public static MeshSettings From(MeshSnapshot snapshot)
    {
        var config = snapshot.Settings;
        // first that for which the authority signs, whatever the configuration calls it
        var named = new[] { snapshot.LocalBundle?.TrustDomain.Name, config.TrustDomain }.OfType<string>()
            .DefaultIfEmpty(DefaultTrustDomain);
        return new MeshSettings
        {
            RootNamespace = config.RootNamespace ?? DefaultRootNamespace,
            TrustDomains = [.. named.Concat(config.TrustDomainAliases).Distinct()],
            OutboundMode = config.OutboundTrafficPolicy ?? OutboundTrafficMode.AllowAny,
            DefaultRetry = config.DefaultHttpRetryPolicy,
            RequestBufferLimit = config.RequestBufferLimitBytes,
            AutoMtls = config.EnableAutoMtls ?? true,
            ConnectTimeout = config.ConnectTimeout ?? TimeSpan.FromSeconds(10),
            PathNormalization = config.PathNormalization is PathNormalization.Default
                ? PathNormalization.Base
                : config.PathNormalization,
            LocalityLb = config.LocalityLbSetting,
            AutoScope = config.AutoScope ?? false,
            Providers = config.ExtensionProviders.DistinctBy(p => p.Name)
                .ToFrozenDictionary(p => p.Name, StringComparer.Ordinal),
            TrustedProxies = config.NumTrustedProxies ?? 0,
        };
    }
}
