using System.Text.Json;
using MeshOrleans.EndToEnd.Tests.Conformance;
using MeshOrleans.Samples.Harness;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.EndToEnd.Tests.Issuers;

/// <summary>Keys that the control plane fetches, with real processes and an issuer with TLS on the loopback.</summary>
public sealed class IssuerKeysTests : IAsyncLifetime
{
    private const string Discovery = "/.well-known/openid-configuration";

    private static readonly SigningKey _old = new("old");
    private static readonly SigningKey _new = new("new");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-issuers-");
    private readonly List<IAsyncDisposable> _owned = [];
    private volatile string _keys = SigningKey.Set(_old);
    private volatile bool _isGone;
    private KeyServer _issuer = null!;
    private ControlPlane _controlPlane = null!;
    private Member _member = null!;

    public async Task InitializeAsync()
    {
        _issuer = await KeyServer.StartAsync(AnswerAsync);
        _owned.Add(_issuer);
        var roots = Path.Combine(_directory.FullName, "roots.pem");
        await File.WriteAllTextAsync(roots, _issuer.CertificatePem);
        _controlPlane = await ControlPlane.StartAsync(new ControlPlaneSpec
        {
            DataDirectory = Path.Combine(_directory.FullName, "data"),
            Environment = new Dictionary<string, string> { ["SSL_CERT_FILE"] = roots },
        });
        _owned.Add(_controlPlane);
        await _controlPlane.ApplyAsync("""
            {apiVersion: v1, kind: Service, metadata: {name: b, namespace: app}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}
            ---
            {apiVersion: mesh.orleans.io/v1, kind: MeshConfig, metadata: {name: default, namespace: istio-system}, spec: {issuerKeys: {allowedHosts: [127.0.0.1], refreshInterval: 1s}}}
            """);
        var labels = new Dictionary<string, string> { ["app"] = "b" };
        _member = await Member.StartAsync(_controlPlane, _directory.FullName, new MemberSpec("b-1", "app", "b", labels));
        _owned.Add(_member);
        await _controlPlane.HealthyAsync();
    }

    public async Task DisposeAsync()
    {
        _owned.Reverse();
        foreach (var one in _owned) await one.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Keys_that_an_issuer_changes_reach_the_sidecars_and_stay_while_it_is_away()
    {
        await ApplyAsync($"issuer: \"{_issuer.Address}\"");
        await AnswersAsync(_old, 200, "the first keys at the sidecar");
        Assert.Equal(401, await CodeAsync(_new));

        _keys = SigningKey.Set(_old, _new);
        await AnswersAsync(_new, 200, "the new key beside the old one");
        Assert.Equal(200, await CodeAsync(_old));

        _keys = SigningKey.Set(_new);
        await AnswersAsync(_old, 401, "the end of the old key");
        Assert.Equal(200, await CodeAsync(_new));

        _isGone = true;
        await FindingAsync("MSH2008", "answered 503");
        await _controlPlane.RestartAsync();
        await FindingAsync("MSH2008", "answered 503");
        await _controlPlane.SettledAsync(1);
        Assert.Equal((200, 401, 200), (await CodeAsync(_new), await CodeAsync(_old), await CodeAsync(null)));

        _isGone = false;
        await _controlPlane.DeleteAsync("RequestAuthentication", "app", "jwt");
        await AnswersAsync(_old, 200, "the end of the policy");
    }

    [Theory]
    [InlineData("/redirected", "redirects to another host, port or scheme")]
    [InlineData("/huge", "more than 1048576 bytes")]
    [InlineData("/hanging", "has not answered in full within 1 s")]
    [InlineData("http://127.0.0.1:PLAIN/keys", "without TLS")]
    [InlineData("https://127.0.0.2:PORT/keys", "127.0.0.2 is not on the public Internet")]
    public async Task Keys_that_cannot_be_had_leave_the_door_shut_to_that_issuer_only(string address, string reason)
    {
        var uri = (address.StartsWith('/') ? _issuer.Address + address : address)
            .Replace("PLAIN", $"{_issuer.PlainPort}", StringComparison.Ordinal)
            .Replace("PORT", $"{_issuer.Port}", StringComparison.Ordinal);

        await ApplyAsync($"issuer: other, jwksUri: \"{uri}\", timeout: 1s}}, {{issuer: \"{_issuer.Address}\"");
        await FindingAsync("MSH2007", reason);
        await AnswersAsync(_old, 200, "the keys of the issuer that answers");

        Assert.Equal((401, 200), (await CodeAsync(_old, "other"), await CodeAsync(null)));
    }

    private Task AnswerAsync(HttpContext context)
    {
        if (_isGone)
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        }

        switch (context.Request.Path)
        {
            case "/redirected":
                context.Response.Redirect($"https://127.0.0.2:{_issuer.Port}/keys");
                return Task.CompletedTask;
            case "/huge":
                return context.Response.WriteAsync(new string(' ', (1 << 20) + 1), context.RequestAborted);
            case "/hanging":
                return Task.Delay(Timeout.Infinite, context.RequestAborted);
            case Discovery:
                return context.Response.WriteAsync(
                    $$"""{"issuer":"{{_issuer.Address}}","jwks_uri":"{{_issuer.Address}}/keys"}""");
            default:
                return context.Response.WriteAsync(_keys);
        }
    }

    private async Task ApplyAsync(string rules)
    {
        await _controlPlane.ApplyAsync(
            "{apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: jwt, namespace: app}, "
            + $"spec: {{jwtRules: [{{{rules}}}]}}}}");
        await _controlPlane.SettledAsync(1);
    }

    private Task<JsonElement> FindingAsync(string code, string reason) => _controlPlane.WaitForAsync(
        "/v1/analyze",
        answer => answer.GetProperty("findings").EnumerateArray().Any(f =>
            f.GetProperty("code").GetString() == code
            && f.GetProperty("message").GetString()!.Contains(reason, StringComparison.Ordinal)),
        $"the finding {code} ({reason})");

    private async Task AnswersAsync(SigningKey key, int wanted, string what)
    {
        var code = 0;
        for (var end = DateTime.UtcNow.AddSeconds(30); DateTime.UtcNow < end; await Task.Delay(50))
        {
            if ((code = await CodeAsync(key)) == wanted) return;
        }

        throw new TimeoutException($"{what} did not come about within 30 s; the last answer was {code}.");
    }

    private async Task<int> CodeAsync(SigningKey? key, string? issuer = null)
    {
        var claims = $$"""{"iss":"{{issuer ?? _issuer.Address}}","exp":{{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600}}}""";
        var answer = key is null
            ? await _member.GetAsync("http://b/")
            : await _member.GetAsync("http://b/", ("authorization", $"Bearer {key.Sign(claims)}"));
        return answer.Code;
    }
}
