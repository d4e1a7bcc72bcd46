using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.Reading;

namespace MeshOrleans.Model.Tests.Config;

public sealed class ReadingTests
{
    [Theory]
    [InlineData("3s", 3000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1.5s", 1500)]
    [InlineData("250ms", 250)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("-2s", -2000)]
    [InlineData("100us", 0.1)]
    [InlineData("100µs", 0.1)]
    public void A_duration_is_read_as_go_writes_it(string text, double milliseconds)
    {
        Assert.True(GoDuration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("3")]
    [InlineData("s")]
    [InlineData("3 s")]
    [InlineData("1d")]
    [InlineData("1.2.3s")]
    [InlineData("10ns")]
    [InlineData("99999999999999999999999999h")]
    [InlineData("999999999999h")]
    [InlineData("9223372036854775807h")]
    [InlineData("256204778h256204778h")]
    [InlineData("+1s")]
    public void Other_text_is_no_duration(string text) => Assert.False(GoDuration.TryParse(text, out _));

    [Theory]
    [InlineData("timout", "timeout")]
    [InlineData("Timeout", "timeout")]
    [InlineData("retires", "retries")]
    [InlineData("zzzzzz", null)]
    [InlineData("", null)]
    public void The_nearest_name_is_the_one_that_was_meant(string name, string? meant) =>
        Assert.Equal(meant, NearestName.Of(name, ["timeout", "retries", "route"]));

    [Fact]
    public void Enum_names_are_those_of_the_api()
    {
        Assert.True(EnumNames<SimpleLoadBalancer>.TryParse("ROUND_ROBIN", out var simple));
        Assert.Equal(SimpleLoadBalancer.RoundRobin, simple);
        Assert.False(EnumNames<SimpleLoadBalancer>.TryParse("1", out _));
        Assert.Equal(["V1", "V2"], EnumNames<ProxyProtocolVersion>.All);
        Assert.Contains("ALLOW_ANY_DYNAMIC_DNS", EnumNames<OutboundTrafficMode>.All);
    }

    [Fact]
    public void Every_kind_has_an_api_version_to_be_stored_in() =>
        Assert.All(ConfigKind.All.Values, kind => Assert.NotEmpty(kind.ApiVersions));
}
