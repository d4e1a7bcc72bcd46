using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Sidecar.Xds;
using MeshOrleans.Xds.Protocol.Fault;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Protocol.Tls;
using Http = MeshOrleans.Xds.Protocol.HttpRbac;
using Proto = MeshOrleans.Xds.Protocol;
using XdsCluster = MeshOrleans.Xds.Protocol.Cluster.Cluster;
using XdsRoute = MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class ReaderTests
{
    private const string Catalog = "spiffe://cluster.local/ns/shop/sa/catalog";

    [Theory]
    [InlineData(1_200 * 3600L)] // more than a timer's 2^32 ms
    [InlineData(600 * 3600L)] // more than 2^31 ms, where others end
    [InlineData(315_576_000_000)] // the longest that protobuf has
    public void No_duration_is_longer_than_timers_run(long seconds)
    {
        var span = CoreReader.Span(new Duration { Seconds = seconds }, FieldPath.Root)!.Value;

        Assert.True(span > TimeSpan.FromDays(20), "as good as for ever");
        using var timer = TimeProvider.System.CreateTimer(_ => { }, null, span, span);
        using var ended = new CancellationTokenSource(span);
        using var handler = new SocketsHttpHandler
        {
            ConnectTimeout = span,
            PooledConnectionIdleTimeout = span,
            PooledConnectionLifetime = span,
            KeepAlivePingDelay = span,
            KeepAlivePingTimeout = span,
        };
        Assert.False(ended.IsCancellationRequested);
        Assert.True(GrpcTimeout.TryParse("99999999H", out var asked));
        using var late = new CancellationTokenSource(asked);
        var policy = new RetryPolicyModel { BackoffBase = span };
        using var pause = new CancellationTokenSource(policy.Backoff(20, new MostRandom()));
    }

    public static TheoryData<string, Proto.Listener.Listener> RefusedListeners => new()
    {
        { "traffic_direction: must be INBOUND or OUTBOUND", With(
            MeshResources.OutboundListener(80), l => l.TrafficDirection = 0) },
        { "filter_chains: has 0 where one is supported", With(
            MeshResources.OutboundListener(80), l => l.FilterChains.Clear()) },
        { "address.socket_address.port_value: 0 is not a port", With(
            MeshResources.OutboundListener(80), l => l.Address.SocketAddress.PortValue = 0) },
        {
            "filter_chains[0].filters[0].typed_config.http_filters[0]: filter 'x' (google.protobuf.Empty) is not supported",
            MeshResources.OutboundListener(80, new HttpFilter { Name = "x", TypedConfig = Any.Pack(new Empty()) })
        },
        {
            "filter_chains[0].filters[0].typed_config.http_filters[1]: nothing may follow the router",
            MeshResources.OutboundListener(80, MeshResources.RouterFilter())
        },
        { "additional_addresses[0].address: has another port than 3306", With(
            MeshResources.TcpListener("db", 3306), l => l.AdditionalAddresses.Add(
                new Proto.Listener.AdditionalAddress { Address = MeshResources.At("db.app", 3307) })) },
        { "address.socket_address.address: '*.db' is not an IP address", With(
            MeshResources.TcpListener("db", 3306), l => l.Address.SocketAddress.Address = "*.*.db") },
        { "filter_chains[0].transport_socket: is not supported here", With(
            MeshResources.TcpListener("db", 3306), l => l.FilterChains[0].TransportSocket = new()) },
        { "filter_chains[0].filter_chain_match.source_ports: is not supported", With(
            MeshResources.TcpListener("db", 3306), l => l.FilterChains[0].FilterChainMatch = new() { SourcePorts = { 1 } }) },
        { "filter_chains[0].filters: must be a TCP proxy alone", With(
            MeshResources.TcpListener("db", 3306), l => l.FilterChains[0] = MeshResources.OutboundListener(80).FilterChains[0]) },
        {
            "filter_chains: the chains of port 8080 differ in more than their transport",
            MeshResources.InboundListener(
                MeshResources.InboundChain(8080, isTls: true, Rbac()), MeshResources.InboundChain(8080, isTls: false))
        },
        {
            "filter_chains[0].transport_socket.require_client_certificate: must be true",
            MeshResources.InboundListener(
                With(
                    MeshResources.InboundChain(8080, isTls: true), c =>
                        c.TransportSocket = MeshResources.Tls(
                            new DownstreamTlsContext { CommonTlsContext = MeshResources.MeshTls() })))
        },
        {
            "filter_chains[0].filter_chain_match.server_names: is not supported",
            MeshResources.InboundListener(
                With(MeshResources.InboundChain(8080, isTls: true), c => c.FilterChainMatch.ServerNames.Add("a")))
        },
        {
            "filter_chains[0].filters[0].typed_config.http_filters[0].typed_config.rules.policies.p.principals[0].metadata.filter:  is not supported",
            MeshResources.InboundListener(
                MeshResources.InboundChain(8080, isTls: true, Rbac(new Principal { Metadata = new() })))
        },
    };

    public static TheoryData<string, XdsCluster> RefusedClusters => new()
    {
        { "lb_policy: LoadBalancingPolicyConfig is not supported", With(
            MeshResources.EdsCluster("c"), c => c.LbPolicy = XdsCluster.Types.LbPolicy.LoadBalancingPolicyConfig) },
        { "ring_hash_lb_config.minimum_ring_size: 9000000 is not from 1 to 8388608", With(
            MeshResources.EdsCluster("c"), c => c.RingHashLbConfig = new() { MinimumRingSize = 9_000_000 }) },
        { "ring_hash_lb_config.maximum_ring_size: 9000000 is too large", With(
            MeshResources.EdsCluster("c"), c => c.RingHashLbConfig = new() { MaximumRingSize = 9_000_000 }) },
        { "maglev_lb_config.table_size: 65536 is no prime", With(
            MeshResources.EdsCluster("c"), c => c.MaglevLbConfig = new() { TableSize = 65536 }) },
        { "eds_cluster_config.eds_config: must be ads", With(
            MeshResources.EdsCluster("c"), c => c.EdsClusterConfig = null) },
        {
            "transport_socket_matches[0].match: only tlsMode: istio, or nothing, is supported",
            With(
                MeshResources.WithAutoMtls(MeshResources.EdsCluster("c")), c =>
                    c.TransportSocketMatches[0].Match.Fields["x"] = Value.ForString("y"))
        },
        {
            "transport_socket.typed_config.common_tls_context.validation_context_sds_secret_config: must be 'ROOTCA'",
            With(
                MeshResources.EdsCluster("c"), c =>
                    c.TransportSocket = MeshResources.Tls(
                        new UpstreamTlsContext { CommonTlsContext = With(
                            MeshResources.MeshTls(), t => t.CombinedValidationContext = null) }))
        },
    };

    public static TheoryData<string, XdsRoute.Route> RefusedRoutes => new()
    {
        { "match: is required", With(SomeRoute(), r => r.Match = null) },
        { "match.safe_regex: 'a(' is not an RE2 pattern", With(
            SomeRoute(), r => r.Match = new() { SafeRegex = new() { Regex = "a(" } }) },
        { "match: path_specifier ConnectMatcher is not supported", With(
            SomeRoute(), r => r.Match = new() { ConnectMatcher = new() }) },
        { "route: cluster_specifier ClusterHeader is not supported", With(
            SomeRoute(), r => r.Route_.ClusterHeader = "x") },
        { "route.timeout: must not be negative", With(SomeRoute(), r => r.Route_.Timeout = new() { Seconds = -5 }) },
        { "route.weighted_clusters: The weights sum up to 0", With(
            SomeRoute(), r => r.Route_.WeightedClusters = Weights(("a", 0), ("b", 0))) },
        { "route.hash_policy[0].cookie.name: 'a b' is not a cookie's name", With(
            SomeRoute(), r => r.Route_.HashPolicy.Add(Cookie("a b", "/"))) },
        { "route.hash_policy[0].cookie.path: '/;x' is not a cookie's path", With(
            SomeRoute(), r => r.Route_.HashPolicy.Add(Cookie("a", "/;x"))) },
        { "action NonForwardingAction is not supported", With(SomeRoute(), r => r.NonForwardingAction = new()) },
        { "request_headers_to_add[0].header.key: 'a b' is not a header name", With(
            SomeRoute(), r =>
                r.RequestHeadersToAdd.Add(
                    new Proto.Core.HeaderValueOption { Header = new() { Key = "a b", Value = "v" } })) },
        { "request_headers_to_add[0].header.value: has a line break", With(
            SomeRoute(), r =>
                r.RequestHeadersToAdd.Add(
                    new Proto.Core.HeaderValueOption { Header = new() { Key = "a", Value = "v\r\nx: y" } })) },
        { "typed_per_filter_config.f: type.googleapis.com/google.protobuf.Empty is not supported", With(
            SomeRoute(), r => r.TypedPerFilterConfig["f"] = Any.Pack(new Empty())) },
        { "direct_response.body: Filename is not supported; only inline data is", With(
            SomeRoute(), r => r.DirectResponse = new() { Status = 200, Body = new() { Filename = "/etc/passwd" } }) },
    };

    [Theory]
    [MemberData(nameof(RefusedListeners))]
    public void A_listener_that_asks_for_more_is_refused_by_field(string expected, Proto.Listener.Listener listener) =>
        Refuses(expected, () => ListenerReader.Read(listener, FieldPath.Root));

    [Theory]
    [MemberData(nameof(RefusedClusters))]
    public void A_cluster_that_asks_for_more_is_refused_by_field(string expected, XdsCluster cluster) =>
        Refuses(expected, () => ClusterReader.Read(cluster, FieldPath.Root));

    [Theory]
    [MemberData(nameof(RefusedRoutes))]
    public void A_route_that_asks_for_more_is_refused_by_field(string expected, XdsRoute.Route route)
    {
        var table = MeshResources.Routes("80", "c");
        table.VirtualHosts[0].Routes[0] = route;

        Refuses("virtual_hosts[0].routes[0]", () => RouteReader.Read(table, FieldPath.Root), expected);
    }

    [Theory]
    [InlineData(true, false, InboundTlsMode.Strict)]
    [InlineData(true, true, InboundTlsMode.Permissive)]
    [InlineData(false, true, InboundTlsMode.Disable)]
    public void The_kinds_of_chain_say_what_a_port_accepts(bool tls, bool plain, InboundTlsMode expected)
    {
        var listener = MeshResources.InboundListener();
        if (tls) listener.FilterChains.Add(MeshResources.InboundChain(8080, isTls: true, Rbac()));
        if (plain) listener.FilterChains.Add(MeshResources.InboundChain(8080, isTls: false, Rbac()));

        var port = Assert.Single(
            Assert.IsType<ListenerTemplate.Inbound>(ListenerReader.Read(listener, FieldPath.Root)).Ports);

        Assert.Equal((8080, expected, true), (port.Model.Port, port.Model.Mode, port.Model.IsHttp));
        Assert.Equal(AuthorizationAction.Allow, Assert.Single(port.Model.Authorization.Filters).Enforced!.Action);
    }

    [Fact]
    public void Istios_pair_of_transport_sockets_is_mesh_tls_per_endpoint()
    {
        var cluster = MeshResources.WithAutoMtls(MeshResources.EdsCluster(MeshResources.Catalog), Catalog);

        var (model, edsName, _) = ClusterReader.Read(cluster, FieldPath.Root);

        Assert.Equal(UpstreamTlsMode.AutoPerEndpoint, model.Tls.Mode);
        Assert.Equal([Catalog], model.Tls.AllowedSpiffeIds);
        Assert.Equal((true, false), (model.Tls.Allows(Catalog), model.Tls.Allows($"{Catalog}2")));
        Assert.Equal(MeshResources.Catalog, edsName);
        Assert.Equal(("catalog.shop.svc.cluster.local", "shop"), (model.ServiceHost, model.ServiceNamespace));
    }

    [Fact]
    public void Anybody_of_the_mesh_will_do_where_nobody_is_named()
    {
        var (model, _, _) = ClusterReader.Read(MeshResources.WithAutoMtls(MeshResources.EdsCluster(MeshResources.Catalog)), FieldPath.Root);

        Assert.True(model.Tls.Allows(Catalog));
        Assert.NotEqual(model.Tls, model.Tls with { AllowsAnySpiffeId = false });
    }

    [Fact]
    public void Certificates_of_the_operators_own_are_files_and_names_are_of_either_kind()
    {
        var tls = new CommonTlsContext
        {
            TlsCertificates = { new TlsCertificate
            {
                CertificateChain = new() { Filename = "/tls/cert.pem" }, PrivateKey = new() { Filename = "/tls/key.pem" },
            } },
            ValidationContext = new()
            {
                TrustedCa = new() { Filename = "/tls/ca.pem" },
                MatchTypedSubjectAltNames =
                {
                    new SubjectAltNameMatcher { SanType = SubjectAltNameMatcher.Types.SanType.Dns, Matcher = new() { Exact = "db" } },
                    new SubjectAltNameMatcher { SanType = SubjectAltNameMatcher.Types.SanType.Uri, Matcher = new() { Exact = "x://db" } },
                },
            },
        };
        var cluster = With(MeshResources.EdsCluster("c"), c => c.TransportSocket = MeshResources.Tls(
            new UpstreamTlsContext { CommonTlsContext = tls, Sni = "db.example" }));

        var model = ClusterReader.Read(cluster, FieldPath.Root).Model.Tls;

        Assert.Equal((UpstreamTlsMode.Simple, "db.example"), (model.Mode, model.Sni));
        Assert.Equal(
            ("/tls/cert.pem", "/tls/key.pem", "/tls/ca.pem"), (model.CertificateFile, model.PrivateKeyFile, model.RootsFile));
        Assert.Equal(["db", "x://db"], model.AllowedDnsNames.Concat(model.AllowedUris));
        tls.TlsCertificates[0].PrivateKey = new() { InlineString = "secret" };
        Refuses("tls_certificates[0].private_key: must be the full name of a file", () => ClusterReader.Read(
            With(cluster, c => c.TransportSocket = MeshResources.Tls(new UpstreamTlsContext { CommonTlsContext = tls })),
            FieldPath.Root));
    }

    [Fact]
    public void Slow_start_statuses_and_connections_are_read_with_envoys_defaults()
    {
        var cluster = With(MeshResources.EdsCluster("c"), c =>
        {
            c.LbPolicy = XdsCluster.Types.LbPolicy.LeastRequest;
            c.LeastRequestLbConfig = new()
            {
                SlowStartConfig = new() { SlowStartWindow = new() { Seconds = 30 }, Aggression = new() { DefaultValue = 2 } },
            };
            c.OutlierDetection = new() { AlwaysEjectOneHost = true };
            c.Metadata = new()
            {
                FilterMetadata =
                {
                    [Proto.MeshMetadata.Filter] = new()
                    {
                        Fields = { [Proto.MeshMetadata.OutlierStatuses] = Value.ForList(Value.ForNumber(429), Value.ForString("x")) },
                    },
                },
            };
            c.UpstreamConnectionOptions = new() { TcpKeepalive = new() { KeepaliveTime = 60 } };
            c.TypedExtensionProtocolOptions["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"] = Any.Pack(
                new Proto.Upstream.HttpProtocolOptions
                {
                    CommonHttpProtocolOptions = new() { MaxConnectionDuration = new() { Seconds = 90 }, MaxRequestsPerConnection = 5 },
                    ExplicitHttpConfig = new()
                    {
                        Http2ProtocolOptions = new() { MaxConcurrentStreams = 9, ConnectionKeepalive = new() { Interval = new() { Seconds = 7 } } },
                    },
                });
        });

        var model = ClusterReader.Read(cluster, FieldPath.Root).Model;

        Assert.Equal(new WarmupModel { Duration = TimeSpan.FromSeconds(30), Aggression = 2 }, model.Warmup);
        Assert.Equal([429], model.Outlier!.ErrorStatuses.AsEnumerable());
        Assert.True(model.Outlier.AlwaysEjectOneHost);
        Assert.Equal(
            new ConnectionModel
            {
                ConnectTimeout = TimeSpan.FromSeconds(5),
                MaxAge = TimeSpan.FromSeconds(90),
                MaxRequests = 5,
                MaxStreams = 9,
                PingInterval = TimeSpan.FromSeconds(7),
                Probes = new TcpProbesModel(null, 60, null),
            },
            model.Connection);
    }

    [Fact]
    public void Limits_and_outliers_have_envoys_defaults()
    {
        var cluster = With(
            MeshResources.EdsCluster("c"), c =>
                c.OutlierDetection = new() { Consecutive5Xx = 3, ConsecutiveGatewayFailure = 2 });

        var model = ClusterReader.Read(cluster, FieldPath.Root).Model;

        Assert.Equal(new CircuitLimits(1024, 1024, 1024, 3), model.Limits);
        Assert.Equal((3, 0), (model.Outlier!.Consecutive5xx, model.Outlier.ConsecutiveGatewayErrors));
        Assert.Equal(TimeSpan.FromSeconds(30), model.Outlier.BaseEjectionTime);
    }

    [Fact]
    public void A_route_carries_weights_timeout_retries_fault_and_headers()
    {
        var route = With(SomeRoute(), r =>
        {
            r.Match.Headers.Add(
                new XdsRoute.HeaderMatcher { Name = "user-type", StringMatch = new() { Exact = "vip" } });
            r.Route_.WeightedClusters = Weights(("v1", 90), ("v2", 10));
            r.Route_.Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(2));
            r.Route_.RetryPolicy = new() { RetryOn = "5xx,503", NumRetries = 3 };
            r.RequestHeadersToAdd.Add(
                new Proto.Core.HeaderValueOption { Header = new() { Key = "x", Value = "1" }, AppendAction = Proto.Core.HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd });
            r.TypedPerFilterConfig["envoy.filters.http.fault"] = Any.Pack(new HTTPFault
            {
                Delay =
                    new() { FixedDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)), Percentage = new() { Numerator = 10 } },
            });
        });
        var table = MeshResources.Routes("80", "c");
        table.VirtualHosts[0].Routes[0] = route;

        var model = RouteReader.Read(table, FieldPath.Root).Table.Hosts[0].Routes[0];

        var forward = Assert.IsType<RouteAction.Forward>(model.Action);
        Assert.Equal([("v1", 90L), ("v2", 10L)], forward.Clusters.Clusters.Select(c => (c.Name, c.Weight)));
        Assert.Equal(TimeSpan.FromSeconds(2), forward.Timeout);
        Assert.Equal(
            (3, RetryConditions.ServerError | RetryConditions.RetriableStatusCodes), (forward.Retry!.Attempts, forward.Retry.On));
        Assert.Equal((TimeSpan.FromSeconds(5), new Fraction(100_000)), (model.Fault!.Delay, model.Fault.DelayShare));
        Assert.Equal(
            ("x", HeaderAppendAction.Overwrite), (model.RequestHeaders.Set[0].Name, model.RequestHeaders.Set[0].Action));
        Assert.Equal("user-type", model.Match.Headers[0].Name);
    }

    [Theory]
    [InlineData("content-length")]
    [InlineData("Transfer-Encoding")]
    [InlineData("connection")]
    [InlineData("Keep-Alive")]
    [InlineData("upgrade")]
    public void Headers_that_say_where_a_message_ends_are_nobodys_to_set(string name)
    {
        var route = With(SomeRoute(), r =>
        {
            foreach (var key in new[] { name, "x" })
            {
                r.RequestHeadersToAdd.Add(new Proto.Core.HeaderValueOption { Header = new() { Key = key, Value = "5" } });
                r.ResponseHeadersToAdd.Add(new Proto.Core.HeaderValueOption { Header = new() { Key = key, Value = "5" } });
            }
        });
        var table = MeshResources.Routes("80", "c");
        table.VirtualHosts[0].Routes[0] = route;

        var model = RouteReader.Read(table, FieldPath.Root).Table.Hosts[0].Routes[0];

        Assert.Equal("x", Assert.Single(model.RequestHeaders.Set).Name);
        Assert.Equal("x", Assert.Single(model.ResponseHeaders.Set).Name);
    }

    [Theory]
    [InlineData(null, 15)]
    [InlineData(0, null)]
    [InlineData(3, 3)]
    public void No_timeout_is_envoys_default_and_zero_is_none(int? seconds, int? expected)
    {
        var table = MeshResources.Routes("80", "c");
        table.VirtualHosts[0].Routes[0].Route_.Timeout = seconds is { } s ? new Duration { Seconds = s } : null;

        var forward = Assert.IsType<RouteAction.Forward>(
            RouteReader.Read(table, FieldPath.Root).Table.Hosts[0].Routes[0].Action);

        Assert.Equal(expected is { } e ? TimeSpan.FromSeconds(e) : null, forward.Timeout);
    }

    [Fact]
    public void Endpoints_keep_priority_weight_health_and_mesh_mark()
    {
        var assignment = MeshResources.Assignment("c", 8080, 8080, 8081);
        assignment.Endpoints[0].Priority = 1;
        assignment.Endpoints[0].LbEndpoints[2].HealthStatus = Proto.Core.HealthStatus.Draining;
        assignment.Endpoints[0].LbEndpoints[0].Metadata = new()
        {
            FilterMetadata =
            {
                ["envoy.transport_socket_match"] = new() { Fields = { ["tlsMode"] = Value.ForString("istio") } },
                ["istio"] = new() { Fields = { ["workload"] = Value.ForString("catalog-v1;shop;catalog;v1;c1") } },
            },
        };

        var endpoints = EndpointReader.Read(assignment, FieldPath.Root).Endpoints;

        Assert.Equal([8080, 8081], endpoints.Select(e => e.Port));
        Assert.Equal(
            (1, true, "catalog-v1", "shop"), (endpoints[0].Priority, endpoints[0].UsesMesh, endpoints[0].Workload, endpoints[0].WorkloadNamespace));
        Assert.Equal(EndpointHealth.Draining, endpoints[1].Health);
    }

    [Fact]
    public void A_secret_with_a_private_key_is_refused()
    {
        var secret =
            new Secret { Name = "default", TlsCertificate = new() { CertificateChain = new() { InlineString = "x" }, PrivateKey = new() { InlineString = "k" } } };

        Refuses(
            "tls_certificate.private_key: must not be sent", () =>
                SecretReader.Read(
                    secret, MeshOrleans.Model.Identity.TrustDomain.Parse("cluster.local"), FieldPath.Root));
    }

    [Theory]
    [InlineData("10.1.2.3", 8u, "10.0.0.0/8")]
    [InlineData("10.1.2.3", 32u, "10.1.2.3/32")]
    [InlineData("2001:db8::1", 33u, "2001:db8::/33")]
    [InlineData("10.1.2.3", 0u, "0.0.0.0/0")]
    public void Bits_beyond_the_prefix_do_not_count(string address, uint length, string expected) =>
        Assert.Equal(
            expected, CoreReader.Network(
                new() { AddressPrefix = address, PrefixLen = length }, FieldPath.Root).ToString());

    private static void Refuses(string expected, Func<object> read, string alsoExpected = "")
    {
        var exception = Assert.Throws<UnusableResourceException>(() => { read(); });
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Contains(alsoExpected, exception.Message, StringComparison.Ordinal);
    }

    private static T With<T>(T message, Action<T> change)
    {
        change(message);
        return message;
    }

    private static XdsRoute.Route SomeRoute() =>
        new() { Match = new() { Prefix = "/" }, Route_ = new() { Cluster = "c" } };

    private static XdsRoute.RouteAction.Types.HashPolicy Cookie(string name, string path) =>
        new() { Cookie = new() { Name = name, Path = path } };

    private static XdsRoute.WeightedCluster Weights(params (string Name, uint Weight)[] clusters) => new()
    {
        Clusters = { clusters.Select(
            c => new XdsRoute.WeightedCluster.Types.ClusterWeight { Name = c.Name, Weight = c.Weight }) },
    };

    private static HttpFilter Rbac(Principal? principal = null) => new()
    {
        Name = "envoy.filters.http.rbac",
        TypedConfig = Any.Pack(new Http.RBAC
        {
            Rules = new RBAC
            {
                Action = RBAC.Types.Action.Allow,
                Policies =
                {
                    ["p"] = new Policy
                    {
                        Permissions = { new Permission { Any = true } },
                        Principals =
                            { principal ?? new Principal { Authenticated = new() { PrincipalName = new() { Exact = Catalog } } } },
                    },
                },
            },
        }),
    };

    private sealed class MostRandom : IRandomSource
    {
        public double NextDouble() => 0.999;
    }
}
