using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Tests.Grpc;

public sealed class GrpcTextTests
{
    [Fact]
    public void Every_text_survives_the_header() => Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
    {
        // Lone surrogates are no text; UTF-8 replaces them.
        if (text is null || text.Any(char.IsSurrogate)) return true;
        var encoded = GrpcMessageText.Encode(text);
        return encoded.All(c => c is >= ' ' and <= '~') && GrpcMessageText.Decode(encoded) == text;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("%", "%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz", "%zz")]
    [InlineData("100%25", "100%")]
    public void What_is_not_well_formed_stays_as_it_came(string header, string expected) =>
        Assert.Equal(expected, GrpcMessageText.Decode(header));

    [Fact]
    public void A_text_is_cut_to_what_a_header_can_hold() =>
        Assert.Equal(2_000, GrpcMessageText.Encode(new string('x', 100_000)).Length);

    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("3S", 3_000)]
    [InlineData("99999999m", 99_999_999)]
    [InlineData("4000u", 4)]
    [InlineData("5000000n", 5)]
    public void A_deadline_is_read_in_any_unit(string text, double milliseconds)
    {
        Assert.True(GrpcTimeout.TryParse(text, out var timeout));

        Assert.Equal(milliseconds, timeout.TotalMilliseconds);
    }

    [Fact]
    public void A_deadline_longer_than_any_timer_is_none()
    {
        Assert.True(GrpcTimeout.TryParse("99999999H", out var timeout));

        Assert.Equal(Timeout.InfiniteTimeSpan, timeout);
    }

    [Theory]
    [InlineData(0, "0m")]
    [InlineData(0.2, "1m")]
    [InlineData(250, "250m")]
    [InlineData(100_000_000, "100000S")]
    public void A_deadline_is_written_as_finely_as_it_fits(double milliseconds, string expected) =>
        Assert.Equal(expected, GrpcTimeout.Format(TimeSpan.FromMilliseconds(milliseconds)));
}
