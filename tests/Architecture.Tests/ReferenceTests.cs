using System.Xml.Linq;

namespace MeshOrleans.Architecture.Tests;

/// <summary>Who may reference whom: the table of ARCHITECTURE.md, enforced.</summary>
public sealed class ReferenceTests
{
    // project -> the projects it may reference. Tests and samples may reference what they need.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["MeshOrleans.Model"] = [],
        ["MeshOrleans.Grains.Embedded.Api"] = [],
        ["MeshOrleans.Grains.Embedded"] = ["MeshOrleans.Grains.Embedded.Api"],
        ["MeshOrleans.Grains.Abstractions"] = ["MeshOrleans.Model", "MeshOrleans.Grains.Embedded.Api"],
        ["MeshOrleans.Grains.Runtime"] = ["MeshOrleans.Grains.Abstractions"],
        ["MeshOrleans.Xds.Protocol"] = [],
        ["MeshOrleans.Xds.Translation"] = ["MeshOrleans.Model", "MeshOrleans.Xds.Protocol"],
        ["MeshOrleans.Xds.Gateway"] =
        [
            "MeshOrleans.Grains.Abstractions", "MeshOrleans.Xds.Translation", "MeshOrleans.Multicluster.Workloads",
        ],
        ["MeshOrleans.Multicluster.Federation"] = ["MeshOrleans.Grains.Abstractions"],
        ["MeshOrleans.Multicluster.Workloads"] = ["MeshOrleans.Grains.Abstractions"],
        ["MeshOrleans.Silo.Schema"] = [],
        ["MeshOrleans.Silo"] =
        [
            "MeshOrleans.Silo.Schema", "MeshOrleans.Grains.Runtime", "MeshOrleans.Grains.Embedded", "MeshOrleans.Multicluster.Federation",
            "MeshOrleans.Multicluster.Workloads", "MeshOrleans.Xds.Gateway", "MeshOrleans.Proxy.Configuration",
        ],
        ["MeshOrleans.Proxy.Dataplane.Model"] = ["MeshOrleans.Model"],
        ["MeshOrleans.Proxy.Http2"] = [],
        ["MeshOrleans.Proxy.Dataplane"] = ["MeshOrleans.Proxy.Dataplane.Model", "MeshOrleans.Proxy.Http2"],
        ["MeshOrleans.Proxy.Configuration"] = ["MeshOrleans.Proxy.Dataplane.Model", "MeshOrleans.Xds.Protocol"],
        ["MeshOrleans.Proxy.Sidecar"] = ["MeshOrleans.Proxy.Dataplane", "MeshOrleans.Proxy.Configuration"],
        ["MeshOrleans.Cli"] = ["MeshOrleans.Model", "MeshOrleans.Silo.Schema"],
    };

    [Fact]
    public void Projects_reference_only_what_the_architecture_allows()
    {
        var foreign =
            from project in ProductProjects()
            from reference in References(project)
            where !Allowed[Name(project)].Contains(reference)
            select $"{Name(project)} -> {reference}";

        Assert.Empty(foreign);
    }

    [Fact]
    public void Every_product_project_stands_in_the_table() =>
        Assert.Equal(Allowed.Keys.Order(), ProductProjects().Select(Name).Order());

    [Fact]
    public void The_solution_holds_every_project()
    {
        var solution = Repository.Read("MeshOrleans.sln").Replace('\\', '/');

        Assert.DoesNotContain(Projects(), project => !solution.Contains(project, StringComparison.Ordinal));
    }

    [Fact]
    public void Package_versions_are_central()
    {
        var pinned =
            from project in Projects()
            from package in Xml(project).Descendants("PackageReference")
            where package.Attribute("Version") is not null
            select $"{project}: {package.Attribute("Include")?.Value}";

        Assert.Empty(pinned);
    }

    private static IEnumerable<string> Projects() => Repository.Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal));

    private static IEnumerable<string> ProductProjects() => Projects().Where(p =>
        !p.StartsWith("tests/", StringComparison.Ordinal) && !p.StartsWith("samples/", StringComparison.Ordinal));

    private static string Name(string project) => Path.GetFileNameWithoutExtension(project);

    private static IEnumerable<string> References(string project) =>
        Xml(project).Descendants("ProjectReference").Select(r => Name(r.Attribute("Include")!.Value.Replace('\\', '/')));

    private static XDocument Xml(string project) => XDocument.Parse(Repository.Read(project));
}
