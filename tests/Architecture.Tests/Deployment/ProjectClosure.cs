using System.Xml.Linq;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>Projects with all they reference when they are built for Orleans.</summary>
internal static class ProjectClosure
{
    public static IReadOnlySet<string> Of(IEnumerable<string> projects)
    {
        var found = new HashSet<string>();
        var open = new Queue<string>(projects.Where(Repository.Files.Contains));
        while (open.TryDequeue(out var project))
        {
            if (!found.Add(project)) continue;
            foreach (var reference in ReferencesOf(project)) open.Enqueue(reference);
        }

        return found;
    }

    /// <summary>The name of the program that a project builds; empty where there is no such project.</summary>
    public static string AssemblyOf(string project) => Repository.Files.Contains(project)
        ? Xml(project).Descendants("AssemblyName").FirstOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(project)
        : "";

    private static IEnumerable<string> ReferencesOf(string project) =>
        from reference in Xml(project).Descendants("ProjectReference")
        where !Conditions(reference).Any(c => c.Contains("'embedded'", StringComparison.Ordinal))
        let include = reference.Attribute("Include")!.Value.Replace('\\', '/')
        select Path.GetRelativePath(
            Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, include)));

    private static IEnumerable<string> Conditions(XElement element) => element.AncestorsAndSelf()
        .Select(e => e.Attribute("Condition")?.Value)
        .OfType<string>();

    private static XDocument Xml(string project) => XDocument.Parse(Repository.Read(project));
}
