using System.Net;
using System.Net.Security;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Silo.Issuers;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Silo.Tests.Issuers;

/// <summary>What is fetched, from whom and how much of it, by a real client from a real server.</summary>
public sealed class KeySetClientTests : IAsyncLifetime
{
    private static readonly IssuerKeySettings _loopback = new() { AllowedHosts = ["127.0.0.0/8"] };
    private static readonly SigningKey _key = new("k1");

    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _resolved = [];
    private RequestDelegate _answer = context => context.Response.WriteAsync(SigningKey.Set(_key));
    private IPAddress _own = IPAddress.None;
    private IPAddress _address = IPAddress.Loopback;
    private KeyServer _server = null!;

    public async Task InitializeAsync() => _server = await KeyServer.StartAsync(context => _answer(context));

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_set_is_fetched_without_its_secrets()
    {
        const string symmetric = """{"kty":"oct","k":"c2VjcmV0"}""";
        _answer = context => context.Response.WriteAsync(
            $$"""{"keys":[{{new SigningKey("k2").Json(withSecret: true)}},{{symmetric}},{{_key.Json(withSecret: false)}}]}""");

        var keys = await FetchAsync("/jwks");

        Assert.Equal("k1", Assert.Single(keys.Keys).Id);
        Assert.Equal(2, keys.LeftOut.Length);
        Assert.Equal(SigningKey.Set(_key), keys.ToPublicText());
        Assert.Equal(["/jwks"], _server.Requests);
    }

    [Fact]
    public async Task The_discovery_document_of_an_issuer_leads_to_its_keys()
    {
        _answer = context => context.Response.WriteAsync(context.Request.Path == "/keys"
            ? SigningKey.Set(_key)
            : $$"""{"issuer":"{{_server.Address}}/","jwks_uri":"{{_server.Address}}/keys"}""");

        await FetchAsync("/.well-known/openid-configuration");

        Assert.Equal(["/.well-known/openid-configuration", "/keys"], _server.Requests);
    }

    [Theory]
    [InlineData("""{"issuer":"https://other.example","jwks_uri":"https://127.0.0.1/keys"}""", "is that of another issuer")]
    [InlineData("""{"jwks_uri":"https://127.0.0.1/keys"}""", "is that of another issuer")]
    [InlineData("""{"issuer":"SELF"}""", "has no jwks_uri, or one that is no address")]
    [InlineData("""{"issuer":"SELF","jwks_uri":"file:///etc/passwd"}""", "has no jwks_uri, or one that is no address")]
    [InlineData("""{"issuer":"SELF","jwks_uri":"http://127.0.0.1:1/keys"}""", "without TLS")]
    [InlineData("""{"issuer":"SELF","jwks_uri":"https://10.0.0.1/keys"}""", "10.0.0.1 is not on the public Internet")]
    [InlineData("[]", "is that of another issuer")]
    [InlineData("{", "is no JSON")]
    public async Task A_discovery_document_that_is_wrong_leads_nowhere(string document, string reason)
    {
        _answer = context => context.Response.WriteAsync(document.Replace("SELF", _server.Address, StringComparison.Ordinal));

        Assert.Contains(reason, await RefusalAsync("/.well-known/openid-configuration"), StringComparison.Ordinal);
        Assert.Single(_server.Requests);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("keys.test")]
    public async Task Nobody_is_called_at_an_address_that_is_not_public(string host)
    {
        var refusal = await RefusalAsync($"https://{host}:{_server.Port}/jwks", IssuerKeySettings.Default);

        Assert.Equal($"{host} is not on the public Internet, and not in issuerKeys.allowedHosts of the MeshConfig.", refusal);
        Assert.Empty(_server.Requests);
    }

    [Theory]
    [InlineData("8.8.8.8", "")]
    [InlineData("::ffff:8.8.8.8", "")]
    [InlineData("8.8.8.8", "192.168.0.0/16")]
    public async Task Nobody_is_called_at_a_public_address_of_the_own_machine(string address, string allowed)
    {
        (_address, _own) = (IPAddress.Parse(address), IPAddress.Parse("8.8.8.8"));
        var settings = new IssuerKeySettings { AllowedHosts = allowed.Length > 0 ? [allowed] : [] };

        Assert.Contains(
            "is not on the public Internet", await RefusalAsync($"https://keys.test:{_server.Port}/jwks", settings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_called_is_the_address_that_was_looked_at()
    {
        var settings = new IssuerKeySettings { AllowedHosts = ["keys.test"] };
        await FetchAsync($"https://keys.test:{_server.Port}/jwks", settings);

        Assert.Equal(["keys.test"], _resolved); // once: there is no second answer to believe
        _address = IPAddress.Parse("127.0.0.9");
        Assert.Contains(
            "cannot be called", await RefusalAsync($"https://keys.test:{_server.Port}/jwks", settings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_within_the_host_is_followed()
    {
        _answer = context =>
        {
            if (context.Request.Path == "/jwks") return context.Response.WriteAsync(SigningKey.Set(_key));
            context.Response.Redirect("/jwks");
            return Task.CompletedTask;
        };

        await FetchAsync("/old");

        Assert.Equal(["/old", "/jwks"], _server.Requests);
    }

    [Theory]
    [InlineData("https://localhost:PORT/jwks", "redirects to another host, port or scheme")]
    [InlineData("https://127.0.0.1:1/jwks", "redirects to another host, port or scheme")]
    [InlineData("http://127.0.0.1:PORT/jwks", "redirects to another host, port or scheme")]
    [InlineData("https://user@127.0.0.1:PORT/jwks", "redirects to another host, port or scheme")]
    [InlineData("https://169.254.169.254/latest", "redirects to another host, port or scheme")]
    [InlineData("file:///etc/passwd", "redirects to another host, port or scheme")]
    [InlineData("/again", "redirects again and again")]
    [InlineData("", "redirects nowhere")]
    public async Task A_redirect_to_elsewhere_is_not_followed(string location, string reason)
    {
        _answer = context =>
        {
            context.Response.StatusCode = 302;
            if (location.Length > 0)
            {
                context.Response.Headers.Location = location.Replace("PORT", $"{_server.Port}", StringComparison.Ordinal);
            }

            return Task.CompletedTask;
        };

        Assert.Contains(reason, await RefusalAsync("/jwks"), StringComparison.Ordinal);
        Assert.InRange(_server.Requests.Count, 1, 4);
    }

    [Fact]
    public async Task Plain_HTTP_is_called_only_where_the_mesh_allows_it()
    {
        var address = $"http://127.0.0.1:{_server.PlainPort}/jwks";

        Assert.Contains("without TLS", await RefusalAsync(address), StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
        Assert.Single((await FetchAsync(address, _loopback with { AllowHttp = true })).Keys);
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_is_not_believed()
    {
        Assert.Contains("cannot be called", await RefusalAsync("/jwks", tls: static _ => { }), StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_more_than_so_much_is_read(bool tellsLength)
    {
        var body = new byte[JsonWebKeySet.MaxBytes + 1];
        Array.Fill(body, (byte)' ');
        _answer = async context =>
        {
            if (tellsLength) context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        };

        Assert.Contains("answered more than 1048576 bytes", await RefusalAsync("/jwks"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_than_so_much_is_handed_on()
    {
        _answer = context => context.Response.WriteAsync(SigningKey.Set(new SigningKey(new string('k', 32 * 1024))));

        Assert.Equal("The keys are more than 32768 characters.", await RefusalAsync("/jwks"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_hangs_is_given_up(bool afterTheHead)
    {
        var hangs = new TaskCompletionSource();
        _answer = async context =>
        {
            if (afterTheHead) await context.Response.WriteAsync("{");
            hangs.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        var fetch = RefusalAsync("/jwks");
        await hangs.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Contains(
            "has not answered in full within 5 s", await fetch.WaitAsync(TimeSpan.FromSeconds(30)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500, "secret words", "answered 500.")]
    [InlineData(204, "", "answered 204.")]
    [InlineData(200, "secret words", "is no set of keys")]
    [InlineData(200, """{"keys":[]}""", "The set has no keys.")]
    [InlineData(200, """{"keys":[{"kty":"oct"}]}""", "None of the keys can be used; keys[0]: its kty is neither RSA nor EC.")]
    public async Task What_is_no_set_is_told_without_repeating_it(int status, string body, string reason)
    {
        _answer = context =>
        {
            context.Response.StatusCode = status;
            return status == 204 ? Task.CompletedTask : context.Response.WriteAsync(body);
        };

        var refusal = await RefusalAsync("/jwks");

        Assert.Contains(reason, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal, StringComparison.Ordinal);
    }

    private Task<JsonWebKeySet> FetchAsync(
        string address, IssuerKeySettings? settings = null, Action<SslClientAuthenticationOptions>? tls = null)
    {
        var client = new KeySetClient(
            new IssuerNetwork(ResolveAsync, address => address.Equals(_own)), _clock, tls ?? _server.Trust);
        var source = new KeySource(address.StartsWith('/') ? _server.Address + address : address, TimeSpan.FromSeconds(5));
        return client.FetchAsync(source, settings ?? _loopback, CancellationToken.None);
    }

    private async Task<string> RefusalAsync(
        string address, IssuerKeySettings? settings = null, Action<SslClientAuthenticationOptions>? tls = null) =>
        (await Assert.ThrowsAsync<KeyFetchException>(() => FetchAsync(address, settings, tls))).Message;

    private Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        _resolved.Add(host);
        return Task.FromResult<IPAddress[]>([IPAddress.TryParse(host, out var address) ? address : _address]);
    }
}
