using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Config.Documents;

/// <summary>Tells on which line of its file a field of a document stands.</summary>
public sealed class DocumentLines(DocumentNode root)
{
    private Dictionary<string, int>? lines;

    /// <summary>The line of a field; for one that is not there, the line of the nearest object around it.</summary>
    public int LineOf(FieldPath path)
    {
        lines ??= Index();
        var text = path.Text;
        while (text.Length > 0)
        {
            if (lines.TryGetValue(text, out var line)) return line;
            text = text[..Math.Max(0, Math.Max(text.LastIndexOf('.'), text.LastIndexOf('[')))];
        }

        return root.Line;
    }

    private Dictionary<string, int> Index()
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        Add(index, root, FieldPath.Root);
        return index;
    }

    private static void Add(Dictionary<string, int> index, DocumentNode node, FieldPath path)
    {
        if (node is MapNode map)
        {
            foreach (var entry in map.Entries)
            {
                var field = path.At(entry.Key);
                index.TryAdd(field.Text, entry.Line);
                Add(index, entry.Value, field);
            }
        }
        else if (node is ListNode list)
        {
            for (var i = 0; i < list.Items.Length; i++)
            {
                var element = path.At(i);
                index.TryAdd(element.Text, list.Items[i].Line);
                Add(index, list.Items[i], element);
            }
        }
    }
}
