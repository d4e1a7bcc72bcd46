using MeshOrleans.Grains.Config;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class ConfigStampsTests
{
    private const string Service = """
        {"apiVersion":"v1","kind":"Service",
         "metadata":{"name":"cart","namespace":"shop","annotations":{"note":"it's <Grün> & \"so\" 1+1"}},
         "spec":{"ports":[{"name":"http","port":80}]}}
        """;

    [Fact]
    public void A_stamped_document_is_what_the_model_writes_of_the_stamped_resource()
    {
        var resource = ConfigJson.Read(Service);

        var stamped = new ConfigStamps(7, 3).Apply(ConfigJson.Write(resource));

        Assert.Equal(ConfigJson.Write(resource with { CreatedRevision = 7, CreatedOrdinal = 3 }), stamped);
        Assert.Equal((7L, 3), (ConfigJson.Read(stamped).CreatedRevision, ConfigJson.Read(stamped).CreatedOrdinal));
    }

    [Fact]
    public void Stamps_are_read_back_and_do_not_count_as_content()
    {
        var one = new ConfigStamps(7, 3).Apply(Service);

        Assert.Equal(new ConfigStamps(7, 3), ConfigStamps.Of(one));
        Assert.Equal(new ConfigStamps(0, 0, Generation: 1), ConfigStamps.Of(Service));
        Assert.True(ConfigStamps.SameContent(one, Service));
        Assert.False(ConfigStamps.SameContent(one, Service.Replace("80", "81", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_generation_counts_changes_of_the_spec_and_of_nothing_else()
    {
        var first = new ConfigStamps(7, 3).Apply(Service);
        var labelled = Service.Replace("note", "other-note", StringComparison.Ordinal);
        var second = Service.Replace("80", "81", StringComparison.Ordinal);

        Assert.Equal(new ConfigStamps(7, 3), ConfigStamps.Of(first, labelled));
        Assert.Equal(new ConfigStamps(7, 3, 2), ConfigStamps.Of(first, second));
        var stamped = new ConfigStamps(7, 3, 2).Apply(second);
        Assert.Equal(new ConfigStamps(7, 3, 3), ConfigStamps.Of(stamped, Service));
        Assert.Equal(2, ConfigJson.Read(stamped).Generation);
        Assert.Equal(ConfigJson.Write(ConfigJson.Read(stamped)), stamped);
        Assert.True(ConfigStamps.SameContent(stamped, second));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("1")]
    public void What_is_no_object_is_no_document(string json) =>
        Assert.Throws<FormatException>(() => new ConfigStamps(1, 0).Apply(json));
}
