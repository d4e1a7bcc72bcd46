namespace MeshOrleans.Xds.Tests.Translation;

public sealed class AuthenticationScopeTests
{
    private const string Precedence = """
        kind: PeerAuthentication
        apiVersion: security.istio.io/v1
        metadata: { name: default, namespace: istio-system }
        spec: { mtls: { mode: STRICT } }
        ---
        kind: PeerAuthentication
        apiVersion: security.istio.io/v1
        metadata: { name: default, namespace: app }
        spec: { mtls: { mode: PERMISSIVE } }
        ---
        kind: PeerAuthentication
        apiVersion: security.istio.io/v1
        metadata: { name: b, namespace: app }
        spec: { selector: { matchLabels: { app: b } }, mtls: { mode: STRICT }, portLevelMtls: { 8080: { mode: DISABLE } } }
        """;

    [Theory]
    [InlineData("app", "app=a", 8080, "tls,raw_buffer")] // the namespace's PERMISSIVE counts before the mesh's STRICT
    [InlineData("app", "app=b", 8080, "raw_buffer")] // the workload port's DISABLE counts before the workload's STRICT
    [InlineData("app", "app=b", 9000, "tls")]
    [InlineData("other", "app=c", 8080, "tls")]
    public void The_narrowest_policy_counts(string ns, string labels, int port, string expected) =>
        Assert.Equal(expected, Modes(Precedence, ns, labels, port));

    [Fact]
    public void Settings_of_a_service_port_mean_nothing() =>
        Assert.Equal("tls", Modes(Precedence.Replace("8080:", "80:", StringComparison.Ordinal), "app", "app=b", 8080));

    [Fact]
    public void What_is_unset_is_inherited() =>
        Assert.Equal(
            "tls,raw_buffer",
            Modes(Precedence.Replace("{ matchLabels: { app: b } }, mtls: { mode: STRICT }", "{ matchLabels: { app: b } }, mtls: { mode: UNSET }", StringComparison.Ordinal), "app", "app=b", 9000));

    [Fact]
    public void A_policy_with_a_selector_in_the_root_namespace_is_ignored() =>
        Assert.Equal("tls,raw_buffer", Modes("""
            kind: PeerAuthentication
            apiVersion: security.istio.io/v1
            metadata: { name: b, namespace: istio-system }
            spec: { selector: { matchLabels: { app: b } }, mtls: { mode: STRICT } }
            """, "app", "app=b", 8080));

    [Fact]
    public void Among_equals_the_oldest_counts() =>
        Assert.Equal("tls", Modes("""
            kind: PeerAuthentication
            apiVersion: security.istio.io/v1
            metadata: { name: z-older, namespace: app }
            spec: { mtls: { mode: STRICT } }
            ---
            kind: PeerAuthentication
            apiVersion: security.istio.io/v1
            metadata: { name: a-younger, namespace: app }
            spec: { mtls: { mode: DISABLE } }
            """, "app", "app=b", 8080));

    [Fact]
    public void Under_STRICT_every_TLS_handshake_is_the_sidecars() =>
        Assert.Empty(TestMesh.With(Precedence).For("app", "app=b").Chains(9000)[0].FilterChainMatch.ApplicationProtocols);

    private static string Modes(string yaml, string ns, string labels, int port) =>
        string.Join(',', TestMesh.With(yaml).For(ns, labels).Chains(port).Select(c => c.FilterChainMatch.TransportProtocol));
}
