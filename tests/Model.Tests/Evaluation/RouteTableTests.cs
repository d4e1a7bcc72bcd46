using System.Net;
using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Model.Evaluation;
using HostName = MeshOrleans.Model.Evaluation.HostName;

namespace MeshOrleans.Model.Tests.Evaluation;

public sealed class RouteTableTests
{
    private static readonly FixedRandom Chance = new(0.5);

    [Theory]
    [InlineData("a.b.example", "exact")]
    [InlineData("a.b.example:8080", "exact")]
    [InlineData("x.b.example", "long suffix")]
    [InlineData("x.y.example", "short suffix")]
    [InlineData("b.example", "short suffix")]
    [InlineData("a.b.other", "long prefix")]
    [InlineData("a.c", "short prefix")]
    [InlineData("else", "any")]
    [InlineData("[::1]:80", "any")]
    public void The_most_specific_domain_wins_whatever_the_order(string authority, string expected)
    {
        VirtualHostModel[] hosts =
        [
            Host("any", "*"), Host("short suffix", "*.example"), Host("short prefix", "a.*"), Host("long suffix", "*.b.example"),
            Host("long prefix", "a.b.*"), Host("exact", "A.b.example"),
        ];

        Assert.Equal(expected, new RouteTableModel("t", [.. hosts]).FindHost(HostName.Normalize(authority))?.Name);
        Assert.Equal(expected, new RouteTableModel("t", [.. hosts.Reverse()]).FindHost(HostName.Normalize(authority))?.Name);
    }

    [Theory]
    [InlineData("B.Example", "b.example")]
    [InlineData("b.example.", "b.example")]
    [InlineData("B.example.:8080", "b.example:8080")]
    [InlineData("[::1]:80", "[::1]:80")]
    public void A_host_has_one_spelling(string sent, string expected) => Assert.Equal(expected, HostName.Normalize(sent));

    [Theory]
    [InlineData("10.1.2.3", "exact")]
    [InlineData("10.1.2.4:80", "narrow")]
    [InlineData("10.1.3.4", "wide")]
    [InlineData("[::ffff:10.1.3.4]", "wide")]
    [InlineData("[::ffff:10.1.2.3]", "exact")]
    [InlineData("[2001:db8::7]:80", "six")]
    [InlineData("[2001:db8:0:0:0:0:0:1]", "six exact")]
    [InlineData("[2001:db9::7]", "any")]
    [InlineData("10.2.3.4", "any")]
    [InlineData("10.1.2", "any")]
    [InlineData("010.1.2.4", "any")]
    [InlineData("10.1.2.4.example", "any")]
    [InlineData("10.1.0.0/16", "any")]
    [InlineData("", "any")]
    public void An_address_belongs_to_whom_it_names_and_else_to_the_longest_network_whatever_the_order(
        string authority, string expected)
    {
        VirtualHostModel[] hosts =
        [
            Host("any", "*"), Host("wide", "10.1.0.0/16"), Host("narrow", "10.1.2.0/24"), Host("exact", "10.1.2.3"),
            Host("six", "2001:db8::/32"), Host("six exact", "[2001:db8::1]"),
        ];

        Assert.Equal(expected, new RouteTableModel("t", [.. hosts]).FindHost(HostName.Normalize(authority))?.Name);
        Assert.Equal(expected, new RouteTableModel("t", [.. hosts.Reverse()]).FindHost(HostName.Normalize(authority))?.Name);
    }

    [Fact]
    public void Every_spelling_of_an_address_is_read_as_the_system_reads_it() =>
        Prop.ForAll(
            Gen.Elements(0, 0, 0, 1, 0x7f, 0xff).Select(b => (byte)b).ArrayOf(16).ToArbitrary(),
            bytes =>
            {
                var (six, four) = (new IPAddress(bytes), new IPAddress(bytes[..4]));
                var table = new RouteTableModel("t", [Host("six", $"{six}/128"), Host("four", $"{four}/32"), Host("all", "::/0")]);
                var groups = string.Join(':', bytes.Chunk(2).Select(pair => $"{(pair[0] << 8) | pair[1]:x}"));
                return six.IsIPv4MappedToIPv6
                    || (table.FindHost($"[{six}]")?.Name == "six" && table.FindHost($"[{groups}]:80")?.Name == "six"
                        && table.FindHost($"[{four.MapToIPv6()}]")?.Name == "four" && table.FindHost($"{four}")?.Name == "four");
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_is_taken_for_an_address_that_the_system_does_not_take_for_one() =>
        Prop.ForAll(
            Gen.Elements("1", "0", "ff", ":", "::", ".", "1.2.3.4", "12345", "g", "%1", "256", " ", "/").ListOf()
                .Select(string.Concat).ToArbitrary(),
            text =>
            {
                var table = new RouteTableModel("t", [Host("all", "::/0")]);
                var colon = text.LastIndexOf(':'); // what follows it is the port, whatever it is, as in Envoy
                return (table.FindHost(text) is null || IPAddress.TryParse(colon >= 0 ? text[..colon] : text, out _))
                    && (table.FindHost($"[{text}]") is null || (IPAddress.TryParse(text, out _) && text.Contains(':')));
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_network_claimed_twice_is_refused() =>
        Assert.Throws<ArgumentException>(() => new RouteTableModel("t", [Host("x", "10.1.0.0/16"), Host("y", "10.1.0.0/16")]));

    [Fact]
    public void A_domain_claimed_twice_is_refused() =>
        Assert.Throws<ArgumentException>(() => new RouteTableModel("t", [Host("x", "a"), Host("y", "A")]));

    // T02: first match wins; AND inside a match, OR across; exact is not prefix; what follows a catch-all is unreachable.
    [Theory]
    [InlineData("/api/x", "jason", "v2")]
    [InlineData("/apixyz", "jason", "v2")]
    [InlineData("/api", null, "v1")]
    [InlineData("/zzz?canary=1", null, "v2")]
    [InlineData("/zzz?canary=11", null, "v1")]
    [InlineData("/late", null, "v1")]
    public void The_first_matching_route_wins(string path, string? user, string expected)
    {
        var table = Table(
            Route("v2", new() { Path = new(PathMatchKind.Prefix, "/api"), Headers = [HeaderMatcher.Of("end-user", StringMatcher.Exact("jason"))] }),
            Route("v2", new() { QueryParameters = [new("canary", StringMatcher.Exact("1"))] }),
            Route("v1", RouteMatchModel.Any),
            Route("late", new() { Path = new(PathMatchKind.Exact, "/late") }));
        var view = user is null ? new TestView(path) : new TestView(path, ("end-user", user));

        Assert.Equal(expected, table.Find(in view, Chance).Route?.Name);
    }

    [Theory]
    [InlineData(PathMatchKind.Exact, "/foo", true, "/foo", true)]
    [InlineData(PathMatchKind.Exact, "/foo", true, "/Foo", false)]
    [InlineData(PathMatchKind.Exact, "/foo", false, "/FOO", true)]
    [InlineData(PathMatchKind.Prefix, "/foo", true, "/foobar", true)]
    [InlineData(PathMatchKind.SegmentPrefix, "/foo", true, "/foobar", false)]
    [InlineData(PathMatchKind.SegmentPrefix, "/foo", true, "/foo/bar", true)]
    [InlineData(PathMatchKind.SegmentPrefix, "/foo", true, "/foo", true)]
    [InlineData(PathMatchKind.Regex, "/a.c", true, "/abc", true)]
    [InlineData(PathMatchKind.Regex, "/a", true, "/abc", false)]
    public void Paths_compare_as_their_kind_says(PathMatchKind kind, string text, bool sensitive, string path, bool expected) =>
        Assert.Equal(expected, new PathMatcher(kind, text, sensitive).Matches(path));

    [Fact]
    public void Absent_headers_match_only_where_presence_or_emptiness_is_asked_for()
    {
        var absent = new TestView("/");
        var empty = new TestView("/", ("h", ""));
        var value = StringMatcher.Exact("v");

        Assert.False(HeaderMatcher.Of("h", value).Matches(in absent));
        Assert.False(HeaderMatcher.Of("h", value, invert: true).Matches(in absent));
        Assert.True(HeaderMatcher.Of("h", value, invert: true, treatMissingAsEmpty: true).Matches(in absent));
        Assert.True(HeaderMatcher.OfPresence("h", present: false).Matches(in absent));
        Assert.True(HeaderMatcher.OfPresence("h").Matches(in empty));
        Assert.True(HeaderMatcher.OfPresence("h", invert: true).Matches(in absent));
    }

    [Fact]
    public void A_single_cluster_takes_everything_and_zero_among_several_nothing()
    {
        var only = new WeightedChoice([new("only", 0)]);
        var several = new WeightedChoice([new("never", 0), new("a", 9), new("b", 1)]);

        Assert.Equal("only", only.Pick(Chance).Name);
        Assert.Equal("a", several.Pick(new FixedRandom(0)).Name);
        Assert.Equal("a", several.Pick(new FixedRandom(0.899)).Name);
        Assert.Equal("b", several.Pick(new FixedRandom(0.9)).Name);
        Assert.Throws<ArgumentException>(() => new WeightedChoice([new("a", 0), new("b", 0)]));
    }

    [Theory]
    [InlineData("/foo", "http://b/new/path?k=v")]
    [InlineData("/p/bar", "http://b/q/bar?k=v")]
    [InlineData("/s", "https://b:85/s?k=v")]
    [InlineData("/80", "http://b/80?k=v")]
    public void Redirects_say_where(string path, string expected)
    {
        var (action, match) = path switch
        {
            "/foo" => (new RouteAction.Redirect { Path = "/new/path" }, new PathMatcher(PathMatchKind.Exact, "/foo")),
            "/p/bar" => (new RouteAction.Redirect { Rewrite = new PathRewrite.OfPrefix("/q/") }, new PathMatcher(PathMatchKind.Prefix, "/p/")),
            "/s" => (new RouteAction.Redirect { Scheme = "https", Port = 85 }, PathMatcher.Any),
            _ => (new RouteAction.Redirect { Port = 80 }, PathMatcher.Any),
        };
        var view = new TestView($"{path}?k=v");

        Assert.Equal(expected, action.Location(in view, match));
    }

    [Theory]
    [InlineData("/foo/bar", "/new/bar")]
    [InlineData("/foo/", "/new/")]
    public void A_prefix_rewrite_replaces_the_prefix_only(string path, string expected) =>
        Assert.Equal(expected, new PathRewrite.OfPrefix("/new/").Apply(path, new PathMatcher(PathMatchKind.Prefix, "/foo/")));

    [Fact]
    public void A_regex_rewrite_uses_groups_as_RE2_writes_them() =>
        Assert.Equal("/cart/by/7", new PathRewrite.OfRegex("^/u/([^/]+)/(.*)$", @"/\2/by/\1").Apply("/u/7/cart", PathMatcher.Any));

    [Theory]
    [InlineData(@"\d+", "12", true)]
    [InlineData(@"\d+", "\u0661", false)]
    [InlineData(@"a$", "a\n", false)]
    [InlineData(@"[[:alpha:]]+", "ab", true)]
    [InlineData(@"[[a]", "[", true)]
    [InlineData(@"(?P<x>a|b)c", "bc", true)]
    [InlineData(@"(?i)ABC", "abc", true)]
    [InlineData(@"\Qa.b\E", "a.b", true)]
    [InlineData(@"\Qa.b\E", "axb", false)]
    [InlineData(@"a|b", "ab", false)]
    public void Patterns_mean_what_RE2_means(string pattern, string text, bool expected) =>
        Assert.Equal(expected, StringMatcher.Regex(pattern).Matches(text));

    [Theory]
    [InlineData("(?=a)")]
    [InlineData("(?<!a)b")]
    [InlineData(@"(a)\1")]
    [InlineData("a)(b")]
    [InlineData("(?>a)")]
    [InlineData("[[:nope:]]")]
    public void Patterns_that_are_not_RE2_are_refused(string pattern) =>
        Assert.Throws<FormatException>(() => StringMatcher.Regex(pattern));

    [Fact]
    public void A_hostile_pattern_takes_linear_time()
    {
        var matcher = StringMatcher.Regex("(a+)+$");

        Assert.False(matcher.Matches(new string('a', 50_000) + "!"));
    }

    [Fact]
    public void Faults_are_drawn_independently()
    {
        var fault = new FaultModel
        {
            DelayShare = Fraction.FromPercent(50), Delay = TimeSpan.FromSeconds(1), AbortShare = Fraction.FromPercent(50), AbortHttpStatus = 500,
        };
        var view = new TestView("/");

        Assert.Equal(new FaultDecision(TimeSpan.FromSeconds(1), null, null), fault.Draw(in view, new FixedRandom(0.1, 0.9)));
        Assert.Equal(new FaultDecision(TimeSpan.Zero, 500, null), fault.Draw(in view, new FixedRandom(0.9, 0.1)));
        Assert.Equal(default, (fault with { AbortShare = default, DelayShare = default }).Draw(in view, new FixedRandom(0)));
    }

    private static VirtualHostModel Host(string name, params string[] domains) => new(name, [.. domains], []);

    private static RouteModel Route(string name, RouteMatchModel match) =>
        new() { Name = name, Match = match, Action = new RouteAction.DirectResponse(200, default) };

    private static RouteTableModel Table(params RouteModel[] routes) => new("t", [new VirtualHostModel("b", ["*"], [.. routes])]);
}
