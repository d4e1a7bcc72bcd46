using System.Collections.Immutable;
using System.Text;
using MeshOrleans.Model.Config.Documents;

namespace MeshOrleans.Model.Config.Manifests;

/// <summary>Writes resources as a person reads them: block YAML, one document each.</summary>
public static class ManifestText
{
    /// <summary>The resource as a manifest that can be applied again.</summary>
    /// <exception cref="InvalidOperationException">The resource was made in code and has no document.</exception>
    public static string ToYaml(ConfigResource resource)
    {
        var yaml = new StringBuilder();
        var kind = ConfigKind.All[resource.Key.Kind];
        yaml.Append("apiVersion: ").Append(kind.ApiVersions[0]).Append('\n');
        yaml.Append("kind: ").Append(kind.WrittenAs).Append('\n');
        yaml.Append("metadata:").Append('\n');
        AppendText(yaml, 1, "name", resource.Key.Name);
        if (!kind.IsClusterScoped) AppendText(yaml, 1, "namespace", resource.Key.Namespace);
        AppendMap(yaml, "labels", resource.Labels);
        AppendMap(yaml, "annotations", resource.Annotations);
        yaml.Append("spec:");
        AppendValue(yaml, resource.Document ?? throw new InvalidOperationException(
            $"{resource.Key} was not read from a document, so it cannot be written."), 1, false);
        return yaml.ToString();
    }

    /// <summary>The resources as one text of several documents.</summary>
    public static string ToYaml(IEnumerable<ConfigResource> resources) =>
        string.Join("---\n", resources.Select(ToYaml));

    private static void AppendMap(StringBuilder yaml, string name, ImmutableSortedDictionary<string, string> map)
    {
        if (map.Count == 0) return;
        yaml.Append("  ").Append(name).Append(":\n");
        foreach (var (key, value) in map) AppendText(yaml, 2, key, value);
    }

    private static void AppendText(StringBuilder yaml, int depth, string key, string value) =>
        yaml.Append(' ', depth * 2).Append(Quote(key)).Append(": ").Append(Quote(value)).Append('\n');

    private static void AppendValue(StringBuilder yaml, DocumentNode node, int depth, bool inList)
    {
        switch (node)
        {
            case MapNode { Entries.IsEmpty: true }:
                yaml.Append(inList ? "{}\n" : " {}\n");
                break;
            case MapNode map:
                AppendEntries(yaml, map, depth, inList);
                break;
            case ListNode { Items.IsEmpty: true }:
                yaml.Append(inList ? "[]\n" : " []\n");
                break;
            case ListNode list:
                AppendItems(yaml, list, depth, inList);
                break;
            case ScalarNode scalar:
                yaml.Append(inList ? "" : " ").Append(ScalarText(scalar)).Append('\n');
                break;
        }
    }

    private static void AppendEntries(StringBuilder yaml, MapNode map, int depth, bool inList)
    {
        var first = inList; // the first field of a list's member stands behind its dash
        if (!inList) yaml.Append('\n');
        foreach (var entry in map.Entries)
        {
            if (!first) yaml.Append(' ', depth * 2);
            first = false;
            yaml.Append(Quote(entry.Key)).Append(':');
            AppendValue(yaml, entry.Value, depth + 1, false);
        }
    }

    private static void AppendItems(StringBuilder yaml, ListNode list, int depth, bool inList)
    {
        var first = inList;
        if (!inList) yaml.Append('\n');
        foreach (var item in list.Items)
        {
            if (!first) yaml.Append(' ', depth * 2);
            first = false;
            yaml.Append("- ");
            AppendValue(yaml, item, depth + 1, true);
        }
    }

    private static string ScalarText(ScalarNode scalar) => scalar.Kind switch
    {
        ScalarKind.Null => "null",
        ScalarKind.Text => Quote(scalar.Text),
        _ => scalar.Text,
    };

    /// <summary>
    /// Plain where every YAML reader takes it for the same text, else as a JSON string, which is YAML too.
    /// </summary>
    private static string Quote(string text) =>
        IsPlain(text) ? text : CanonicalJson.Write(new ScalarNode(text, true, 0, 0));

    private static bool IsPlain(string text) =>
        text.Length > 0
        && (char.IsAsciiLetter(text[0]) || text[0] == '/')
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
        && text.ToLowerInvariant() is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n");
}
