namespace MeshOrleans.Silo.Tests.Cli;

public sealed class CertsRotateCommandTests
{
    [Theory]
    [InlineData("certs rotate")]
    [InlineData("certs rotate spiffe://cluster.local/ns/a/sa/b --all")]
    [InlineData("certs rotate -n shop --all")]
    [InlineData("certs rotate --all --spread soon")]
    public async Task What_is_to_be_rotated_must_be_named_once_and_clearly(string line)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync(line.Split(' '));

        Assert.Equal(2, result.Code);
    }

    [Fact]
    public async Task It_says_how_many_certificates_are_replaced_and_how_soon()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/identities/rotate", """{"identities":3,"due":7,"spreadSeconds":300}""", status: 202);

        var result = await cli.RunAsync("certs", "rotate", "-n", "shop", "--spread", "5m");

        Assert.Equal((0, "7 certificates of 3 identities are replaced within 300 s\n"), (result.Code, result.Out));
        Assert.Contains("\"namespace\":\"shop\",\"spreadSeconds\":300", cli.Api.Requests.Last().Body, StringComparison.Ordinal);
    }
}
