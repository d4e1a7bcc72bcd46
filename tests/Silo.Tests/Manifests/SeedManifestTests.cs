using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.Manifests;
using MeshOrleans.Model.Validation;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Manifests;

public sealed class SeedManifestTests
{
    public static TheoryData<string> Files => [.. SampleManifests.Names];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_sample_is_accepted(string file)
    {
        var manifest = SampleManifests.Read(file);

        Assert.NotEmpty(manifest.Resources);
        Assert.Empty(manifest.Violations.Where(v => v.Severity == Severity.Error).Select(v => v.ToString()));
    }

    [Fact]
    public void The_samples_warn_of_the_two_old_spellings_and_of_nothing_else()
    {
        var warnings = SampleManifests.Names
            .SelectMany(file => SampleManifests.Read(file).Violations)
            .Select(v => (v.File, v.Line, v.Path.Text, v.Severity))
            .Order();

        Assert.Equal(
            [
                ("s000-circuit-breaker.yaml", 12, "spec.trafficPolicy.outlierDetection.consecutiveErrors", Severity.Warning),
                ("s001.yaml", 37, "spec.trafficPolicy.outlierDetection.consecutiveErrors", Severity.Warning),
                ("s003-tuning.yaml", 13, "spec.trafficPolicy.connectionPool.http.http1MaxRequests", Severity.Warning),
            ],
            warnings);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void What_is_stored_of_a_sample_is_read_as_the_same(string file)
    {
        foreach (var resource in SampleManifests.Read(file).Resources.Select(r => r.Resource))
        {
            var stored = ConfigJson.Write(resource with { CreatedRevision = 7, CreatedOrdinal = 2 });
            var again = ConfigJson.Read(stored);

            Assert.Equal(stored, ConfigJson.Write(again));
            Assert.Equal((resource.Key, 7, 2), (again.Key, again.CreatedRevision, again.CreatedOrdinal));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_sample_shown_as_yaml_can_be_applied_again_and_is_the_same(string file)
    {
        var resources = SampleManifests.Read(file).Resources;

        var yaml = ManifestText.ToYaml(resources.Select(r => r.Resource));
        var again = ManifestReader.Read("shown.yaml", yaml);

        Assert.DoesNotContain(again.Violations, v => v.Severity == Severity.Error);
        Assert.Equal(
            resources.Select(r => ConfigJson.Write(r.Resource)),
            again.Resources.Select(r => ConfigJson.Write(r.Resource)));
    }
}
