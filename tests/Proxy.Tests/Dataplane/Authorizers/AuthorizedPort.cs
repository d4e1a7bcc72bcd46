using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Dataplane.Authorizers;

/// <summary>A workload port whose requests below /ask an authorizer is asked about.</summary>
internal sealed class AuthorizedPort : IAsyncDisposable
{
    public const string Policy = "ns[app]-policy[ask]-rule[0]";

    private AuthorizedPort(TestProxy proxy, EchoBackend app, TestAuthorizer authorizer) =>
        (Proxy, App, Authorizer) = (proxy, app, authorizer);

    public TestProxy Proxy { get; }

    public EchoBackend App { get; }

    public TestAuthorizer Authorizer { get; }

    /// <param name="isGrpc">What the authorizer speaks.</param>
    /// <param name="change">How it is asked.</param>
    /// <param name="rules">What is asked of requests after it.</param>
    /// <param name="port">Another port in the place of the authorizer's.</param>
    /// <param name="inbound">What else is different about the workload's port.</param>
    public static async Task<AuthorizedPort> StartAsync(
        bool isGrpc,
        Func<ExternalAuthorizerModel, ExternalAuthorizerModel>? change = null,
        AuthorizationModel? rules = null,
        int? port = null,
        Func<InboundPortModel, InboundPortModel>? inbound = null)
    {
        var (app, authorizer) = (await EchoBackend.StartAsync("app"), await TestAuthorizer.StartAsync(isGrpc));
        var model = new ExternalAuthorizerModel
        {
            Provider = "checker",
            Cluster = "authz",
            IsGrpc = isGrpc,
            Authority = "authz.example",
            Timeout = TimeSpan.FromSeconds(20),
        };
        var asks = new AuthorizationPolicyModel(
            Policy, new RequestRule.UrlPath(StringMatcher.Prefix("/ask")), new RequestRule.Always());
        var cluster = Models.Cluster("inbound|8080||", app);
        var workload = Models.Inbound(TestProxy.AppPort, InboundTlsMode.Disable, cluster).Inbound[TestProxy.AppPort] with
        {
            Authorizer = change?.Invoke(model) ?? model,
            Authorization = (rules ?? AuthorizationModel.AllowAll) with
            {
                Custom = new CustomAuthorization("checker", new AuthorizationRules(AuthorizationAction.Deny, [asks])),
            },
        };
        var proxy = await TestProxy.StartAsync(
            ProxyModel.Empty.WithInbound(inbound?.Invoke(workload) ?? workload).With(cluster, Models.Cluster("authz", port ?? authorizer.Port)));
        return new AuthorizedPort(proxy, app, authorizer);
    }

    /// <summary>Sends a request with these lines of headers; the answer as it comes.</summary>
    public async Task<string> SendAsync(string path, string body = "", params string[] headers) => (await RawHttp.SendAsync(
        Proxy.InboundPort,
        $"{(body.Length > 0 ? "POST" : "GET")} {path} HTTP/1.1\r\nHost: b\r\n"
        + string.Concat(headers.Select(h => h + "\r\n"))
        + (body.Length > 0 ? $"Content-Length: {body.Length}\r\n\r\n{body}" : "\r\n")))!;

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await App.DisposeAsync();
        await Authorizer.DisposeAsync();
    }
}
