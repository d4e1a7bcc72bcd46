using System.Collections.Immutable;
using MeshOrleans.Model.Config.Documents;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>
/// Reads a whole document as a resource: its kind, its metadata, and by its kind's reader what it says.
/// </summary>
internal static class ResourceReader
{
    public const string DefaultNamespace = "default";

    /// <summary>
    /// Reads a document. The answer is null when it is no resource at all or some value could not be read; what is
    /// wrong is among the <paramref name="findings"/>.
    /// </summary>
    public static ConfigResource? Read(DocumentNode node, string defaultNamespace, Findings findings, out string name)
    {
        var resource = ObjectReader.Read(
            node, () => FieldPath.Root, findings, reader => ReadRoot(reader, defaultNamespace, findings));
        name = resource?.Name ?? "";
        return findings.IsComplete ? resource?.Value : null;
    }

    private static Outcome ReadRoot(ObjectReader reader, string defaultNamespace, Findings findings)
    {
        reader.Accept("status");
        var (apiVersion, kindName) = (reader.Text("apiVersion"), reader.Text("kind"));
        var kind = FindKind(reader, apiVersion, kindName);
        if (kind is null)
        {
            reader.AcceptAll();
            return new Outcome(kindName, null);
        }

        var metadata = reader.Object("metadata", inner => ReadMetadata(inner, kind, defaultNamespace));
        if (metadata is null)
        {
            if (!reader.Has("metadata")) reader.Report("", "metadata with a name is required");
            metadata = new Metadata(new ConfigKey(kind.Name, defaultNamespace, ""), EmptyMap.Text, EmptyMap.Text);
        }

        var document = new MapNode([], 0, 0);
        var spec = reader.Object("spec", inner =>
        {
            document = inner.Node;
            return kind.Read(inner);
        });
        var resource = new ConfigResource
        {
            Key = metadata.Key,
            Spec = spec ?? Empty(kind, findings),
            Document = document,
            Labels = metadata.Labels,
            Annotations = metadata.Annotations,
            CreatedRevision = findings.IsStored ? reader.Long("createdRevision") ?? 0 : 0,
            CreatedOrdinal = findings.IsStored ? reader.Integer("createdOrdinal") ?? 0 : 0,
            Generation = findings.IsStored ? reader.Long("generation") ?? 1 : 1,
        };
        return new Outcome(metadata.Key.ToString(), resource);
    }

    /// <summary>A missing spec says as much as an empty one (for AuthorizationPolicy that is a lot).</summary>
    private static ConfigSpec Empty(ConfigKind kind, Findings findings) =>
        ObjectReader.Read(new MapNode([], 0, 0), () => FieldPath.Root.At("spec"), findings, kind.Read)!;

    private static ConfigKind? FindKind(ObjectReader reader, string apiVersion, string kindName)
    {
        if (apiVersion.Length == 0) reader.Report("apiVersion", "apiVersion is required");
        if (kindName.Length == 0)
        {
            reader.Report("kind", "kind is required");
            return null;
        }

        if (ConfigKind.Find(kindName, apiVersion) is not { } kind)
        {
            var nearest = NearestName.Of(kindName, ConfigKind.All.Values.Select(k => k.WrittenAs));
            var hint = nearest is null ? "" : $"; did you mean {nearest}?";
            reader.Report("kind", ConfigKind.Refusal(kindName) ?? $"unknown kind \"{kindName}\"{hint}");
            return null;
        }

        if (apiVersion.Length > 0 && !kind.ApiVersions.Contains(apiVersion))
        {
            var known = string.Join(
                ", ", ConfigKind.All.Values.Where(k => k.WrittenAs == kindName).SelectMany(k => k.ApiVersions));
            reader.Report("apiVersion", $"unknown apiVersion \"{apiVersion}\": {kindName} is written in {known}");
        }

        return kind;
    }

    private static Metadata ReadMetadata(ObjectReader reader, ConfigKind kind, string defaultNamespace)
    {
        reader.Accept(
            "creationTimestamp", "deletionTimestamp", "finalizers", "generation", "managedFields", "ownerReferences",
            "resourceVersion", "selfLink", "uid");
        var name = reader.Text("name");
        var ns = reader.OptionalText("namespace") ?? (kind.IsClusterScoped ? name : defaultNamespace);
        CheckNames(reader, kind, name, ns);

        var (labels, annotations) = (reader.TextMap("labels"), reader.TextMap("annotations"));
        foreach (var (key, value) in labels)
        {
            if (!ResourceName.IsLabelKey(key)) reader.Report("labels", $"label key \"{key}\" is invalid");
            if (!ResourceName.IsLabelValue(value))
            {
                reader.Report("labels", $"label {key}: value \"{value}\" is invalid");
            }
        }

        foreach (var key in annotations.Keys.Where(key => !ResourceName.IsLabelKey(key)))
        {
            reader.Report("annotations", $"annotation key \"{key}\" is invalid");
        }

        return new Metadata(new ConfigKey(kind.Name, kind.IsClusterScoped ? name : ns, name), labels, annotations);
    }

    private static void CheckNames(ObjectReader reader, ConfigKind kind, string name, string ns)
    {
        var oneLabel = kind.Name is "Service" or "Namespace" or "ServiceExport";
        if (name.Length == 0) reader.Report("name", "name is required");
        else if (oneLabel ? !ResourceName.IsDnsLabel(name) : !ResourceName.IsDnsName(name))
        {
            reader.Report("name", $"name \"{name}\" is no DNS-1123 {(oneLabel ? "label" : "subdomain")}: lower-case letters, digits"
                + $" and '-'{(oneLabel ? "" : " or '.'")}, a letter or digit at both ends");
        }

        if (name.Length > 0 && !kind.IsClusterScoped && !ResourceName.IsDnsLabel(ns))
        {
            reader.Report("namespace", $"namespace \"{ns}\" is no DNS-1123 label: lower-case letters, digits and '-'");
        }
    }

    private sealed record Metadata(
        ConfigKey Key,
        ImmutableSortedDictionary<string, string> Labels,
        ImmutableSortedDictionary<string, string> Annotations);

    private sealed record Outcome(string Name, ConfigResource? Value);
}
