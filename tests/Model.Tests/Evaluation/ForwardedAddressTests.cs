using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

/// <summary>Whose request it is, by what proxies have written (behaviour row 76).</summary>
public sealed class ForwardedAddressTests
{
    [Theory]
    [InlineData("1.2.3.4", 0, "1.2.3.4")]
    [InlineData(" 1.2.3.4 \t", 0, "1.2.3.4")]
    [InlineData("9.9.9.9, 1.2.3.4", 0, "1.2.3.4")]
    [InlineData("9.9.9.9, 1.2.3.4", 1, "9.9.9.9")]
    [InlineData("9.9.9.9,1.2.3.4", 2, null)] // the list is shorter than what is trusted
    [InlineData("", 0, null)]
    [InlineData(",", 0, null)]
    [InlineData("1.2.3.4,", 0, null)] // nothing was written in the last place
    [InlineData("1.2.3.4,", 1, "1.2.3.4")]
    [InlineData("1.2.3.4|5.6.7.8", 0, "5.6.7.8")] // several headers are one list
    [InlineData("1.2.3.4|5.6.7.8", 1, "1.2.3.4")]
    [InlineData("1.2.3.4, 2.2.2.2|5.6.7.8", 1, "2.2.2.2")]
    [InlineData("1.2.3.4||", 0, "1.2.3.4")] // an empty header adds nothing
    [InlineData("9.9.9.9, unknown", 0, null)] // and not the next one
    [InlineData("9.9.9.9, unknown", 1, "9.9.9.9")]
    [InlineData("::1", 0, "::1")]
    [InlineData("2001:DB8::9", 0, "2001:db8::9")]
    [InlineData("::ffff:1.2.3.4", 0, "::ffff:1.2.3.4")]
    [InlineData("1.2.3.4:80", 0, "1.2.3.4")]
    [InlineData("[::1]", 0, "::1")]
    [InlineData("[::1]:65535", 0, "::1")]
    [InlineData("[::1]:65536", 0, null)]
    [InlineData("[::1]80", 0, null)]
    [InlineData("[1.2.3.4]", 0, null)]
    [InlineData("[::1", 0, null)]
    [InlineData("1.2.3.4:", 0, null)]
    [InlineData("1.2.3.4:x", 0, null)]
    [InlineData("1.2.3.4:-1", 0, null)]
    [InlineData("1.2.3", 0, null)]
    [InlineData("1.2.3.4.5", 0, null)]
    [InlineData("1.2.3.256", 0, null)]
    [InlineData("010.0.0.1", 0, null)]
    [InlineData("0x7f.0.0.1", 0, null)]
    [InlineData("1", 0, null)]
    [InlineData("1.2.3.+4", 0, null)]
    [InlineData("fe80::1%eth0", 0, null)]
    [InlineData("::1/64", 0, null)]
    [InlineData("a.example", 0, null)]
    [InlineData("\"1.2.3.4\"", 0, null)]
    [InlineData(":", 0, null)]
    public void What_stands_at_the_place_is_an_address_or_nobodys(string lines, int hops, string? expected)
    {
        var values = lines.Split('|');

        var found = ForwardedAddress.Find(values.Length == 1 ? new HeaderValues(lines) : new HeaderValues(values), hops);

        Assert.Equal(expected, found?.ToString());
    }

    [Fact]
    public void Without_the_header_there_is_none() => Assert.Null(ForwardedAddress.Find(default, 0));
}
