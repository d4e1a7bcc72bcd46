using System.Net;
using System.Text;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Model.Tests.Evaluation;

public sealed class RequestHashTests
{
    private static readonly FixedRandom Chance = new(0.5, 0.25);

    [Theory]
    [InlineData("", 0UL, 0xEF46DB3751D8E999)]
    [InlineData("", 1UL, 0xD5AFBA1336A3BE4B)]
    [InlineData("a", 0UL, 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0UL, 0x44BC2CF5AD770999)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0UL, 0x0B242D361FDA71BC)]
    public void The_hash_is_that_of_everybody_else(string text, ulong seed, ulong expected)
    {
        Assert.Equal(expected, XxHash64.Hash(text, seed));
        Assert.Equal(expected, XxHash64.Hash(Encoding.UTF8.GetBytes(text), seed));
    }

    [Fact]
    public void A_long_text_hashes_as_its_bytes_do()
    {
        var text = string.Concat(Enumerable.Range(0, 1000).Select(i => $"ä{i}"));

        Assert.Equal(XxHash64.Hash(Encoding.UTF8.GetBytes(text)), XxHash64.Hash(text));
    }

    [Theory]
    [InlineData(HashSource.Header, "X-User", "anna")]
    [InlineData(HashSource.Cookie, "user", "bert")]
    [InlineData(HashSource.Cookie, "quoted", "carl")]
    [InlineData(HashSource.QueryParameter, "u", "dora%20")]
    [InlineData(HashSource.SourceAddress, "", "10.0.0.9")]
    public void One_property_is_hashed_as_it_was_sent(HashSource source, string name, string value)
    {
        var view = new TestView(
            "/?v=1&u=dora%20&u=emil",
            ("x-user", "anna"),
            ("cookie", "xuser=no; user=bert; user=zoe"),
            ("cookie", "quoted=\"carl\"")) { SourceAddress = IPAddress.Parse("::ffff:10.0.0.9") };

        Assert.Equal(XxHash64.Hash(value), Of(view, new HashPolicyModel(source, name)));
    }

    [Theory]
    [InlineData(HashSource.Header)]
    [InlineData(HashSource.Cookie)]
    [InlineData(HashSource.QueryParameter)]
    public void What_is_absent_gives_no_key(HashSource source) =>
        Assert.Null(Of(new TestView("/?x&y=1", ("cookie", "a=b; c")), new HashPolicyModel(source, "nobody")));

    [Fact]
    public void The_order_of_a_headers_values_does_not_matter()
    {
        var policy = new HashPolicyModel(HashSource.Header, "x");

        var one = Of(new TestView("/", ("x", "1"), ("x", "2")), policy);

        Assert.Equal(one, Of(new TestView("/", ("x", "2"), ("x", "1")), policy));
        Assert.NotEqual(one, Of(new TestView("/", ("x", "1"), ("x", "3")), policy));
    }

    [Fact]
    public void The_workloads_own_address_stands_for_callers_on_the_loopback()
    {
        var policy = new HashPolicyModel(HashSource.SourceAddress, "");
        var own = IPAddress.Parse("10.0.0.7");

        Assert.Equal(
            XxHash64.Hash("10.0.0.7"), RequestHash.Of([policy], new TestView("/"), own, Chance, out _));
        Assert.Equal(XxHash64.Hash("127.0.0.1"), Of(new TestView("/"), policy));
    }

    [Fact]
    public void Several_are_combined_and_a_terminal_one_ends_the_list()
    {
        var (a, b) = (new HashPolicyModel(HashSource.Header, "a"), new HashPolicyModel(HashSource.Header, "b"));
        var view = new TestView("/", ("a", "1"), ("b", "2"));
        var combined = System.Numerics.BitOperations.RotateLeft(XxHash64.Hash("1"), 1) ^ XxHash64.Hash("2");

        Assert.Equal(combined, Of(view, a, b));
        Assert.Equal(XxHash64.Hash("1"), Of(view, a with { Terminal = true }, b));
        Assert.Equal(XxHash64.Hash("2"), Of(new TestView("/", ("b", "2")), a with { Terminal = true }, b));
    }

    [Fact]
    public void A_cookie_with_a_life_is_made_when_it_is_absent_and_hashes_the_same_when_it_comes_back()
    {
        var policy = new HashPolicyModel(HashSource.Cookie, "user")
        {
            CookieLifetime = TimeSpan.FromSeconds(90),
            CookiePath = "/shop",
            CookieAttributes = [new("SameSite", "Strict"), new("Secure", "")],
        };

        var hash = RequestHash.Of([policy], new TestView("/"), null, new FixedRandom(0.5, 0.25), out var cookies);

        Assert.Equal(
            "user=7fffffff3fffffff; Max-Age=90; Path=/shop; SameSite=Strict; Secure; HttpOnly", Assert.Single(cookies!));
        var again = RequestHash.Of(
            [policy], new TestView("/", ("cookie", "user=7fffffff3fffffff")), null, Chance, out var more);
        Assert.Equal((hash, null), (again, more));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(0, "c=7fffffff3fffffff; HttpOnly")]
    public void A_life_of_zero_is_the_session_and_without_one_no_cookie_is_made(int? seconds, string? expected)
    {
        var policy = new HashPolicyModel(HashSource.Cookie, "c")
        {
            CookieLifetime = seconds is { } s ? TimeSpan.FromSeconds(s) : null,
        };

        var hash = RequestHash.Of([policy], new TestView("/"), null, new FixedRandom(0.5, 0.25), out var cookies);

        Assert.Equal((expected is not null, expected), (hash is not null, cookies?.Single()));
    }

    private static ulong? Of(TestView view, params HashPolicyModel[] policies) =>
        RequestHash.Of([.. policies], in view, ownAddress: null, Chance, out _);
}
