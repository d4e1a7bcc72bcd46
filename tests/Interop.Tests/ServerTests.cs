using MeshOrleans.Interop.Tests.Foreign;

namespace MeshOrleans.Interop.Tests;

/// <summary>Foreign gRPC servers take TLS and access control from the mesh, and follow its changes while they serve.</summary>
[Collection(nameof(InteropMesh))]
public sealed class ServerTests(InteropMesh mesh)
{
    private const string Denied = "PERMISSION_DENIED";

    [Theory]
    [OnForeign(ForeignKind.Node)]
    [OnForeign(ForeignKind.Python)]
    public async Task A_server_follows_PeerAuthentication_and_AuthorizationPolicy_while_it_serves(ForeignKind kind)
    {
        var (peer, name) = (mesh[kind], InteropMesh.NameOf(kind));
        var address = mesh.ServerAddressOf(kind).Split(':');
        await mesh.AddServiceAsync(name);
        await peer.ServeByXdsAsync(mesh.ServerAddressOf(kind), "server");
        await mesh.RegisterAsync(new Backend(name, "v1", address[0]), int.Parse(address[1]));

        var plain = await CallsAsync(t => t.AllOk, "plaintext calls");
        Assert.Equal("", Assert.Single(plain.Peers).Key);

        await mesh.ControlPlane.ApplyAsync($$"""
            {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: {{name}}, namespace: interop}, spec: {selector: {matchLabels: {app: {{name}} } }, mtls: {mode: STRICT} } }
            ---
            {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: {{name}}, namespace: interop}, spec: {host: {{name}}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL} } } }
            """);
        await CallsAsync(t => t.AllOk && !t.Peers.ContainsKey(""), "calls with a certificate");

        await mesh.ControlPlane.ApplyAsync(Policy(name, "", $"{{from: [{{source: {{principals: [\"cluster.local/ns/interop/sa/{name}\"]}}}}]}}"));
        await mesh.ControlPlane.ApplyAsync(Policy($"{name}-deny", "action: DENY, ", """{when: [{key: "request.headers[x-bad]", values: ["yes"]}]}"""));
        await CallsAsync(t => t.With(Denied) == 3, "calls denied by their header", ("x-bad", "yes"));
        await CallsAsync(t => t.AllOk, "calls of a principal that is allowed");

        await mesh.ControlPlane.ApplyAsync(Policy(name, "", """{from: [{source: {principals: ["cluster.local/ns/interop/sa/nobody"]}}]}"""));
        await CallsAsync(t => t.With(Denied) == 3, "calls of a principal that is not allowed any more");

        await mesh.ControlPlane.DeleteAsync("AuthorizationPolicy", "interop", name);
        await CallsAsync(t => t.AllOk, "calls without a policy");

        await mesh.ControlPlane.ApplyAsync(Policy(name, "", ""));
        await CallsAsync(t => t.With(Denied) == 3, "calls under a policy that allows nothing");

        await mesh.ControlPlane.DeleteAsync("AuthorizationPolicy", "interop", name);
        await mesh.ControlPlane.DeleteAsync("PeerAuthentication", "interop", name);
        await mesh.ControlPlane.DeleteAsync("DestinationRule", "interop", name);
        await CallsAsync(t => t.AllOk && t.Peers.ContainsKey(""), "plaintext calls again");
        await mesh.AssertContentAsync(kind);

        // Each time on a new channel, so that a connection of before says nothing of what holds now.
        Task<Tally> CallsAsync(Func<Tally, bool> wanted, string what, params (string, string)[] metadata) =>
            InteropMesh.EventuallyAsync(
                async () =>
                {
                    var channel = await mesh.OpenAsync(kind, name);
                    var tally = await peer.CallAsync(channel, 3, metadata);
                    await peer.CloseAsync(channel);
                    return tally;
                },
                wanted,
                what);

        string Policy(string policy, string action, string rule) => $$"""
            {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: {{policy}}, namespace: interop},
             spec: {selector: {matchLabels: {app: {{name}} } }, {{action}}rules: [{{rule}}]} }
            """;
    }
}
