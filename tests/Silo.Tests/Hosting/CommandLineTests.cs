namespace MeshOrleans.Silo.Tests.Hosting;

public sealed class CommandLineTests
{
    [Fact]
    public void Flags_become_options()
    {
        Assert.True(CommandLine.TryRead(["--data", "/d", "--api-port", "0", "--config", "c.json"], out var settings, out var file, out _));

        Assert.Equal(("/d", "0", "c.json"), (settings["Data"], settings["ApiPort"], file));
    }

    [Theory]
    [InlineData("--dta", "x", "unknown flag '--dta'")]
    [InlineData("--data", null, "flag '--data' needs a value")]
    public void A_flag_that_makes_no_sense_is_named(string flag, string? value, string expected)
    {
        string[] args = value is null ? [flag] : [flag, value];

        Assert.False(CommandLine.TryRead(args, out _, out _, out var error));
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_flag_is_a_variable_too()
    {
        var settings = CommandLine.ReadEnvironment(name => name == "MESH_XDS_PLAIN_PORT" ? "-1" : null);

        Assert.Equal("-1", Assert.Single(settings).Value);
        Assert.Equal("XdsPlainPort", Assert.Single(settings).Key);
    }

    [Fact]
    public void The_help_names_every_flag() =>
        Assert.All(CommandLine.Flags.Keys, flag => Assert.Contains(flag + " ", CommandLine.Help, StringComparison.Ordinal));

    [Fact]
    public void Every_flag_names_an_option() =>
        Assert.All(CommandLine.Flags.Values, option => Assert.NotNull(typeof(SiloOptions).GetProperty(option)));
}
