namespace MeshOrleans.Silo.Tests.Cli;

public sealed class CertsRevokeCommandTests
{
    private const string Row =
        """{"serial":"0A0B","spiffeId":"spiffe://cluster.local/ns/shop/sa/cart","reason":"key-compromise","revokedAt":"2026-01-01T00:00:00Z","notAfter":"2026-01-02T00:00:00Z"}""";

    [Fact]
    public async Task It_says_whose_certificate_is_revoked_and_until_when_that_is_told()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/ca/revocations/0A0B?reason=key-compromise", Row);

        var result = await cli.RunAsync("certs", "revoke", "0a:0b", "--reason", "key-compromise");

        Assert.Equal(0, result.Code);
        Assert.Equal(
            "revoked 0A0B of spiffe://cluster.local/ns/shop/sa/cart (key-compromise); it is told of until 2026-01-02 00:00:00Z\n",
            result.Out);
    }

    [Theory]
    [InlineData("certs revoke")]
    [InlineData("certs revoke xyz")]
    [InlineData("certs revoke 0a0b --reason because")]
    public async Task What_is_to_be_revoked_and_why_must_be_said_clearly(string line)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync(line.Split(' '));

        Assert.Equal(2, result.Code);
    }

    [Fact]
    public async Task What_is_revoked_is_listed()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/ca/revocations", $"[{Row}]");

        var result = await cli.RunAsync("certs", "revoked");

        Assert.StartsWith("SERIAL", result.Lines[0], StringComparison.Ordinal);
        Assert.Contains("key-compromise", result.Lines[1], StringComparison.Ordinal);
    }
}
