using MeshOrleans.Proxy.Sidecar.Process;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>What the program answers before it starts anything.</summary>
public sealed class SidecarCommandTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    [InlineData("--mode", "gateway", "--help")]
    [InlineData("--help", "--mode", "gateway")]
    [InlineData("--no-such-flag", "-h")]
    public async Task Help_is_given_wherever_it_is_asked_for(params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Usage: mesh-sidecar --xds HOST:PORT --namespace NS [flags]", output, StringComparison.Ordinal);
        Assert.Contains("--mode sidecar|gateway", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_stands_alone()
    {
        var (code, output, error) = await RunAsync("--version");

        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("mesh-sidecar ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_flag_is_a_usage_error()
    {
        var (code, output, error) = await RunAsync("--no-such-flag", "x");

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("mesh-sidecar: unknown flag --no-such-flag", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await SidecarCommand.RunAsync(arguments, output, error, CancellationToken.None);
        return (code, $"{output}", $"{error}");
    }
}
