using System.Text;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.Documents;
using MeshOrleans.Model.Validation;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class ManifestReaderTests
{
    private const string Head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\n";
    private const string Spec = "spec: { hosts: [a], http: [{ route: [{ destination: { host: a } }] }] }\n";

    [Fact]
    public void Empty_documents_are_skipped_and_a_missing_namespace_is_the_default_one()
    {
        var manifest = ManifestReader.Read("f", $"---\n# nothing\n---\n{Head}{Spec}---\n---\n", "shop");

        Assert.Equal(new ConfigKey("VirtualService", "shop", "a"), Assert.Single(manifest.Resources).Resource.Key);
        Assert.Empty(manifest.Violations);
    }

    [Fact]
    public void A_namespace_is_named_by_its_own_name()
    {
        var manifest = ManifestReader.Read("f", "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { a: b } }\n");

        var resource = Assert.Single(manifest.Resources).Resource;
        Assert.Equal(("shop", "shop", "b"), (resource.Key.Namespace, resource.Key.Name, resource.Labels["a"]));
    }

    [Theory]
    [InlineData("networking.istio.io/v1")]
    [InlineData("networking.istio.io/v1beta1")]
    [InlineData("networking.istio.io/v1alpha3")]
    public void Every_version_of_an_api_says_the_same(string apiVersion)
    {
        var old = ManifestReader.Read("f", Head.Replace("networking.istio.io/v1", apiVersion, StringComparison.Ordinal) + Spec);
        var current = ManifestReader.Read("f", Head + Spec);

        Assert.Equal(ConfigJson.Write(current.Resources[0].Resource), ConfigJson.Write(old.Resources[0].Resource));
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("[{0}]")]
    [InlineData("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{0}]}}")]
    public void Json_is_read_as_object_array_and_list(string shape)
    {
        const string Service =
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80}]},"status":{}}""";

        var manifest = ManifestReader.Read("f", string.Format(null, CompositeFormat.Parse(shape), Service)).Validated();

        Assert.Equal(80, Assert.IsType<KubernetesService>(Assert.Single(manifest.Resources).Resource.Spec).Ports[0].Port);
        Assert.Empty(manifest.Violations);
    }

    [Fact]
    public void Yaml_that_starts_with_a_brace_is_read_as_yaml() => Assert.Empty(ManifestReader.Read(
        "f", "{ apiVersion: v1, kind: Namespace, metadata: { name: shop } }").Violations);

    [Fact]
    public void The_order_of_fields_does_not_change_what_is_stored()
    {
        var one = ManifestReader.Read("f", Head + "spec: { hosts: [a], exportTo: [\"*\"], http: [{ timeout: 1s, route: [{ destination: { host: a }, weight: 10 }] }] }");
        var two = ManifestReader.Read("f", Head + "spec: { http: [{ route: [{ weight: 1e1, destination: { host: \"a\" } }], timeout: 1s, name: null }], exportTo: [\"*\"], hosts: [a] }");

        Assert.Equal(ConfigJson.Write(one.Resources[0].Resource), ConfigJson.Write(two.Resources[0].Resource));
    }

    [Fact]
    public void An_alias_stands_for_what_its_anchor_marks()
    {
        var manifest = ManifestReader.Read("f", Head + "spec: { hosts: [&h a], http: [{ route: [{ destination: { host: *h } }] }] }");

        var service = Assert.IsType<VirtualService>(Assert.Single(manifest.Resources).Resource.Spec);
        Assert.Equal("a", service.Http[0].Route[0].Destination!.Host);
    }

    [Fact]
    public void An_alias_bomb_is_refused_by_its_size_on_the_line_that_is_too_much()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i <= 9; i++) bomb.Append($"a{i}: &a{i} [").AppendJoin(", ", Enumerable.Repeat($"*a{i - 1}", 10)).Append("]\n");

        var violation = Assert.Single(ManifestReader.Read("f", bomb.ToString()).Violations);

        Assert.Equal((4, "the aliases stand for more than 10000 nodes"), (violation.Line, violation.Message));
    }

    [Fact]
    public void An_anchor_cannot_hold_itself() => Assert.Contains(
        "has no anchor before it", Assert.Single(ManifestReader.Read("f", "a: &x [*x]\n").Violations).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(70, false)]
    [InlineData(100_000, false)]
    [InlineData(70, true)]
    [InlineData(100_000, true)]
    public void Deep_nesting_is_refused(int depth, bool isJson)
    {
        var text = (isJson ? "" : "a: ") + new string('[', depth) + new string(']', depth);

        var violations = ManifestReader.Read("f", text).Violations;

        Assert.Contains(violations, v => v.Severity == Severity.Error && v.Line == 1);
    }

    [Fact]
    public void Nesting_by_aliases_counts_as_if_it_were_written_out()
    {
        var text = new StringBuilder("a0: &a0 [x]\n");
        for (var i = 1; i <= 70; i++) text.Append($"a{i}: &a{i} [*a{i - 1}]\n");

        var violation = Assert.Single(ManifestReader.Read("f", text.ToString()).Violations);

        Assert.Equal("nested deeper than 64 levels", violation.Message);
    }

    [Fact]
    public void More_than_four_mebibytes_are_refused_and_exactly_as_many_are_not()
    {
        var full = "# " + new string('é', (DocumentLimits.MaxBytes - 2) / 2);

        Assert.Empty(ManifestReader.Read("f", full).Violations);
        Assert.True(ManifestReader.IsTooLarge(full + "x"));
        Assert.Contains("larger than", Assert.Single(ManifestReader.Read("f", full + "x").Violations).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10_000, 0)]
    [InlineData(10_001, 1)]
    public void Ten_thousand_documents_are_accepted_and_no_more(int count, int faults)
    {
        var text = new StringBuilder();
        for (var i = 0; i < count; i++) text.Append($"---\napiVersion: v1\nkind: Namespace\nmetadata: {{ name: n{i} }}\n");

        var manifest = ManifestReader.Read("f", text.ToString());

        Assert.Equal(faults, manifest.Violations.Count(v => v.Message.StartsWith("more than 10000 documents", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_flood_of_faults_is_cut_off_with_a_word_about_it()
    {
        var text = new StringBuilder(Head + "spec:\n");
        for (var i = 0; i < 50_000; i++) text.Append($"  field{i}: 1\n");

        var violations = ManifestReader.Read("f", text.ToString()).Violations;

        Assert.Equal(1001, violations.Length);
        Assert.Contains(violations, v => v.Message == "more than 1000 faults: what follows was not read");
    }

    [Fact]
    public void A_manifest_of_very_many_fields_is_read_in_one_pass()
    {
        var text = new StringBuilder("kind: Unknown\n"); // quadratic reading of this takes minutes
        for (var i = 0; i < 300_000; i++) text.Append($"f{i}: 1\n");

        Assert.Equal(2, ManifestReader.Read("f", text.ToString()).Violations.Length);
    }

    [Theory]
    [InlineData("\"\\UFFFFFFFF\"")]
    [InlineData("\"\\xZZ\"")]
    [InlineData("&")]
    [InlineData("*")]
    [InlineData("!<")]
    [InlineData("%YAML 9.9\n---\na: b")]
    [InlineData("a: b\n---\n- : [")]
    [InlineData("? [a]\n: b")]
    [InlineData("a: !!binary xx")]
    [InlineData("<<: {}")]
    [InlineData("\u0000\u0001")]
    [InlineData("{\"a\":\"\\uD800\"}")]
    [InlineData("just text")]
    [InlineData("- - - 1")]
    public void Broken_text_is_refused_without_an_exception(string text) =>
        Assert.Contains(ManifestReader.Read("f", text).Violations, v => v.Severity == Severity.Error);
}
