using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Tests.Topology;

public sealed class HostNameTests
{
    [Theory]
    [InlineData("reviews", "reviews.shop.svc.cluster.local")]
    [InlineData("Reviews", "reviews.shop.svc.cluster.local")]
    [InlineData("reviews.prod", "reviews.prod")]
    [InlineData("*", "*")]
    [InlineData("*.example.com", "*.example.com")]
    [InlineData("::1", "::1")]
    public void Only_a_name_without_a_dot_belongs_to_the_resources_namespace(string host, string expected) =>
        Assert.Equal(expected, HostName.Resolve(host, "shop"));

    [Theory]
    [InlineData("*.example.com", "a.example.com", true)]
    [InlineData("*.example.com", "a.b.example.com", true)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("*.example.com", ".example.com", false)]
    [InlineData("a.example.com", "A.example.com", true)]
    [InlineData("*", "anything", true)]
    public void A_wildcard_stands_for_one_label_or_more(string pattern, string host, bool expected) =>
        Assert.Equal(expected, HostName.Matches(pattern, host));

    [Theory]
    [InlineData("a.b.svc.cluster.local", true, "a", "b")]
    [InlineData("a.b.c.svc.cluster.local", false, "", "")]
    [InlineData(".b.svc.cluster.local", false, "", "")]
    [InlineData("example.com", false, "", "")]
    public void A_services_host_splits_into_name_and_namespace(string host, bool isService, string name, string ns)
    {
        Assert.Equal(isService, HostName.TrySplit(host, out var actualName, out var actualNamespace));
        Assert.Equal((name, ns), (actualName, actualNamespace));
    }

    [Theory]
    [InlineData("", "b", true)]
    [InlineData("*", "b", true)]
    [InlineData(".", "a", true)]
    [InlineData(".", "b", false)]
    [InlineData("~", "a", false)]
    [InlineData("b,c", "c", true)]
    [InlineData("b,c", "a", false)]
    public void ExportTo_names_who_sees_a_resource_of_namespace_a(string exportTo, string client, bool expected) =>
        Assert.Equal(expected, Visibility.Allows([.. exportTo.Split(',', StringSplitOptions.RemoveEmptyEntries)], "a", client));
}
