using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.Documents;

namespace MeshOrleans.Model.Tests.Config;

public sealed class ConfigJsonTests
{
    private const string Stored =
        """
        {"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"a","namespace":"shop","labels":{"x":"1"}},"spec":{"hosts":["a"],"http":[{"route":[{"destination":{"host":"a"},"weight":10}],"timeout":"1s"}]},"createdRevision":3,"createdOrdinal":1}
        """;

    [Fact]
    public void What_is_stored_is_written_again_byte_by_byte()
    {
        var resource = ConfigJson.Read(Stored);

        Assert.Equal(Stored.Trim(), ConfigJson.Write(resource));
        Assert.Equal((3, 1, "1"), (resource.CreatedRevision, resource.CreatedOrdinal, resource.Labels["x"]));
        Assert.Equal(TimeSpan.FromSeconds(1), Assert.IsType<VirtualService>(resource.Spec).Http[0].Timeout);
    }

    [Fact]
    public void Fields_that_a_newer_version_wrote_are_left_alone() => Assert.Equal(
        10,
        Assert.IsType<VirtualService>(ConfigJson.Read(Stored.Replace("\"timeout\"", "\"fromTheFuture\":{},\"timeout\"", StringComparison.Ordinal)).Spec)
            .Http[0].Route[0].Weight);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{} {}")]
    [InlineData("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}""")]
    [InlineData("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":{}}}""")]
    public void Text_that_is_no_stored_resource_is_a_format_error(string json) =>
        Assert.Throws<FormatException>(() => ConfigJson.Read(json));

    [Fact]
    public void A_resource_made_in_code_cannot_be_written()
    {
        var resource = new ConfigResource { Key = new ConfigKey("ServiceExport", "a", "b"), Spec = new ServiceExport() };

        Assert.Throws<InvalidOperationException>(() => ConfigJson.Write(resource));
    }

    [Fact]
    public void The_canonical_text_of_any_document_is_read_as_the_same_document() => Prop
        .ForAll(Documents.ToArbitrary(), document =>
        {
            var text = CanonicalJson.Write(document);
            var errors = new List<DocumentError>();
            return CanonicalJson.Write(JsonDocumentReader.Read(text, errors)!) == text && errors.Count == 0;
        })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void The_canonical_text_does_not_depend_on_the_order_of_fields() => Prop
        .ForAll(Documents.ToArbitrary(), document => CanonicalJson.Write(document) == CanonicalJson.Write(Reversed(document)))
        .QuickCheckThrowOnFailure();

    private static Gen<DocumentNode> Documents => Gen.Sized(size => Node(Math.Min(size, 4)));

    private static Gen<DocumentNode> Node(int depth)
    {
        static DocumentNode Scalar(string text, bool quoted) => new ScalarNode(text, quoted, 0, 0);

        var scalar = Gen.OneOf(
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(s => Scalar(WithoutLoneSurrogates(s.Get), true)),
            ArbMap.Default.GeneratorFor<long>().Select(n => Scalar($"{n}", false)),
            ArbMap.Default.GeneratorFor<NormalFloat>().Select(n => Scalar(n.Get.ToString("R", null), false)),
            Gen.Elements("true", "FALSE", "null", "~", "1e3", "-0", "0.10").Select(s => Scalar(s, false)));
        if (depth == 0) return scalar;

        var list = Node(depth - 1).ListOf(3).Select(items => (DocumentNode)new ListNode([.. items], 0, 0));
        var map = Gen.Zip(ArbMap.Default.GeneratorFor<NonNull<string>>(), Node(depth - 1)).ListOf(3).Select(fields =>
            (DocumentNode)new MapNode(
                [.. fields.DistinctBy(f => WithoutLoneSurrogates(f.Item1.Get))
                    .Select(f => new MapEntry(WithoutLoneSurrogates(f.Item1.Get), f.Item2, 0, 0))],
                0,
                0));
        return Gen.OneOf(scalar, list, map);
    }

    private static string WithoutLoneSurrogates(string text) => new([.. text.Where(c => !char.IsSurrogate(c))]);

    private static DocumentNode Reversed(DocumentNode node) => node switch
    {
        MapNode map => map with { Entries = [.. map.Entries.Reverse().Select(e => e with { Value = Reversed(e.Value) })] },
        ListNode list => list with { Items = [.. list.Items.Select(Reversed)] },
        _ => node,
    };
}
