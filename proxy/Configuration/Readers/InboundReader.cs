using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>
/// The chains of the inbound listener, grouped by workload port. Which kinds of chain a port has says what it accepts:
/// TLS only is STRICT, TLS and plaintext PERMISSIVE, plaintext only DISABLE.
/// </summary>
internal static class InboundReader
{
    public static ImmutableArray<InboundTemplate> Ports(Listener listener, FieldPath at)
    {
        var chains = listener.FilterChains
            .Select(
                (chain, i) =>
                    (Chain: chain, At: at.At("filter_chains").At(i), Port: chain.FilterChainMatch?.DestinationPort ?? 0))
            .Where(c => c.Port > 0) // traffic for no known port reaches nobody here: no socket is open for it
            .GroupBy(c => c.Port);
        return [.. chains.Select(g => Port((int)Math.Min(g.Key, 65536), [.. g.Select(c => (c.Chain, c.At))], at))];
    }

    private static InboundTemplate Port(int port, (FilterChain Chain, FieldPath At)[] chains, FieldPath at)
    {
        if (port > 65535)
        {
            throw new UnusableResourceException(at.At("filter_chains"), "destination_port is more than 65535");
        }

        ChainTemplate? tls = null, plain = null;
        foreach (var (chain, here) in chains)
        {
            CheckMatch(chain.FilterChainMatch, here.At("filter_chain_match"));
            if (chain.TransportSocket is { } socket)
            {
                CheckTls(CoreReader.Unpack<DownstreamTlsContext>(
                    socket.TypedConfig ?? throw new UnusableResourceException(
                        here.At("transport_socket"), "has no typed_config"),
                    here.At("transport_socket")), here.At("transport_socket"));
                tls ??= ListenerReader.Chain(chain, here);
            }
            else
            {
                plain ??= ListenerReader.Chain(chain, here);
            }
        }

        CheckSame(chains, at, port);
        var mode = (tls, plain) switch
        {
            (not null, null) => InboundTlsMode.Strict,
            (not null, not null) => InboundTlsMode.Permissive,
            _ => InboundTlsMode.Disable,
        };
        var template = Template(port, mode, (tls ?? plain)!, at);
        var (first, whose) = chains[0];
        return template.Http is not null && TcpProxyReader.OfUndeclared(first.Metadata, whose) is { } bytes
            ? template with { Model = Undeclared(template.Model, bytes, whose) }
            : template;
    }

    private static InboundPortModel Undeclared(InboundPortModel port, TcpProxyTemplate bytes, FieldPath at) =>
        bytes.OnlyCluster.Length > 0
            ? port with { MayBeBytes = true, TcpCluster = bytes.OnlyCluster, Relay = bytes.Relay }
            : throw new UnusableResourceException(at.At("metadata"), $"port {port.Port} leads to several clusters");

    private static InboundTemplate Template(int port, InboundTlsMode mode, ChainTemplate chain, FieldPath at)
    {
        if (chain is { Http: null, TcpCluster.Length: 0 })
        {
            throw new UnusableResourceException(at.At("filter_chains"), $"port {port} leads to several clusters");
        }

        var model = new InboundPortModel
        {
            Port = port,
            Mode = mode,
            IsHttp = chain.Http is not null,
            TcpCluster = chain.TcpCluster,
            Relay = chain.Bytes?.Relay ?? RelayModel.Default,
        };
        return chain.Http is { } http
            ? new InboundTemplate(
                model with
                {
                    Tokens = http.Tokens,
                    TrustedHops = http.TrustedHops,
                    Authorization = http.Authorization,
                    Authorizer = http.Authorizer,
                    PathNormalization = http.Normalization,
                    RateLimits = http.RateLimits,
                },
                http)
            : new InboundTemplate(
                chain.Authorization.IsEmpty
                    ? model
                    : model with { Authorization = new AuthorizationModel(chain.Authorization) }, null);
    }

    // A port has one policy here; chains that would treat callers differently must not be folded into one.
    private static void CheckSame((FilterChain Chain, FieldPath At)[] chains, FieldPath at, int port)
    {
        var first = ChainShape.Of(chains[0].Chain, chains[0].At);
        foreach (var (chain, here) in chains.Skip(1))
        {
            if (!first.Equals(ChainShape.Of(chain, here)))
            {
                throw new UnusableResourceException(
                    at.At("filter_chains"), $"the chains of port {port} differ in more than their transport");
            }
        }
    }

    private static void CheckMatch(FilterChainMatch match, FieldPath at)
    {
        var extra = match.PrefixRanges.Count > 0 ? "prefix_ranges"
            : match.SourcePrefixRanges.Count > 0 ? "source_prefix_ranges"
            : match.SourcePorts.Count > 0 ? "source_ports"
            : match.ServerNames.Count > 0 ? "server_names"
            : match.SourceType is not FilterChainMatch.Types.ConnectionSourceType.Any ? "source_type"
            : null;
        if (extra is not null) throw new UnusableResourceException(at.At(extra), "is not supported");
    }

    private static void CheckTls(DownstreamTlsContext context, FieldPath at)
    {
        var common = context.CommonTlsContext ?? new CommonTlsContext();
        var here = at.At("common_tls_context");
        if (context.RequireClientCertificate is not true)
        {
            throw new UnusableResourceException(at.At("require_client_certificate"), "must be true");
        }

        if (common.TlsCertificates.Count > 0)
        {
            throw new UnusableResourceException(
                here.At("tls_certificates"), "is not supported; certificates come by SDS");
        }

        if (common.TlsCertificateSdsSecretConfigs is not [{ Name: SecretNames.Certificate }])
        {
            throw new UnusableResourceException(
                here.At("tls_certificate_sds_secret_configs"), $"must be '{SecretNames.Certificate}'");
        }

        var roots =
            common.CombinedValidationContext?.ValidationContextSdsSecretConfig
                ?? common.ValidationContextSdsSecretConfig;
        if (roots?.Name != SecretNames.Roots)
        {
            throw new UnusableResourceException(
                here.At("validation_context_sds_secret_config"), $"must be '{SecretNames.Roots}'");
        }

        if (common.CombinedValidationContext?.DefaultValidationContext is { } more
            && (more.MatchSubjectAltNames.Count > 0 || more.MatchTypedSubjectAltNames.Count > 0))
        {
            throw new UnusableResourceException(
                here.At("match_typed_subject_alt_names"), "is not supported here; use an AuthorizationPolicy");
        }
    }
}
