using System.Collections.Immutable;
using MeshOrleans.Model.Config.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace MeshOrleans.Silo.Manifests;

/// <summary>
/// Reads YAML as documents by the parser's events; nothing is ever made an object by its tag. Never throws: depth,
/// aliases and the number of documents are bounded, and what is wrong is reported with its line.
/// </summary>
internal sealed class YamlDocumentReader
{
    private readonly Parser parser;
    private readonly ICollection<DocumentError> errors;
    private readonly Dictionary<AnchorName, Measured> anchors = [];
    private int aliasedNodes;

    private YamlDocumentReader(TextReader text, ICollection<DocumentError> errors) =>
        (parser, this.errors) = (new Parser(text), errors);

    /// <summary>The documents before the first fault of syntax; empty ones are left out.</summary>
    public static ImmutableArray<DocumentNode> Read(string text, ICollection<DocumentError> errors)
    {
        var documents = ImmutableArray.CreateBuilder<DocumentNode>();
        using var source = new StringReader(text);
        var reader = new YamlDocumentReader(source, errors);
        try
        {
            reader.ReadAll(documents);
        }
        catch (RefusedException refused)
        {
            errors.Add(new DocumentError(refused.Message, refused.Line));
        }
        catch (YamlException exception)
        {
            errors.Add(Explain(text, exception));
        }
        catch (Exception exception)
            when (exception is ArgumentException or InvalidOperationException or OverflowException)
        {
            // The parser's own slips on broken escapes and anchors.
            errors.Add(new DocumentError("the text is no YAML", (int)(reader.parser.Current?.Start.Line ?? 0)));
        }

        return documents.DrainToImmutable();
    }

    private void ReadAll(ImmutableArray<DocumentNode>.Builder documents)
    {
        while (parser.MoveNext())
        {
            if (parser.Current is not DocumentStart) continue;
            anchors.Clear();
            aliasedNodes = 0;
            parser.MoveNext();
            var document = ReadNode(1).Node;
            if (document.IsNull) continue;
            if (documents.Count == DocumentLimits.MaxDocuments)
            {
                throw Refuse($"more than {DocumentLimits.MaxDocuments} documents in one manifest");
            }

            documents.Add(document);
        }
    }

    /// <summary>Reads the node whose first event is current; afterwards its last event is.</summary>
    private Measured ReadNode(int depth)
    {
        if (depth > DocumentLimits.MaxDepth) throw Refuse($"nested deeper than {DocumentLimits.MaxDepth} levels");
        if (parser.Current is AnchorAlias alias) return Expand(alias, depth);

        var (line, column) = Place(parser.Current!.Start);
        var anchor = parser.Current is NodeEvent node ? node.Anchor : AnchorName.Empty;
        var result = parser.Current switch
        {
            Scalar scalar => new Measured(ReadScalar(scalar, line, column), 1, 1),
            SequenceStart => ReadList(depth, line, column),
            MappingStart => ReadMap(depth, line, column),
            _ => throw Refuse("the text is no YAML"),
        };
        if (!anchor.IsEmpty) anchors[anchor] = result;
        return result;
    }

    private ScalarNode ReadScalar(Scalar scalar, int line, int column)
    {
        if (scalar.Tag.IsEmpty || scalar.Tag.IsNonSpecific)
        {
            return new ScalarNode(scalar.Value, scalar.Style != ScalarStyle.Plain, line, column);
        }

        return scalar.Tag.Value switch
        {
            "tag:yaml.org,2002:str" => new ScalarNode(scalar.Value, true, line, column),
            "tag:yaml.org,2002:int" or "tag:yaml.org,2002:float" or "tag:yaml.org,2002:bool" or "tag:yaml.org,2002:null" =>
                new ScalarNode(scalar.Value, false, line, column),
            _ => throw Refuse($"tag {scalar.Tag.Value} is not accepted"),
        };
    }

    private Measured ReadList(int depth, int line, int column)
    {
        var items = ImmutableArray.CreateBuilder<DocumentNode>();
        var (size, height) = (1, 0);
        while (parser.MoveNext() && parser.Current is not SequenceEnd)
        {
            var item = ReadNode(depth + 1);
            items.Add(item.Node);
            (size, height) = (size + item.Size, Math.Max(height, item.Height));
        }

        return new Measured(new ListNode(items.DrainToImmutable(), line, column), size, height + 1);
    }

    private Measured ReadMap(int depth, int line, int column)
    {
        var entries = ImmutableArray.CreateBuilder<MapEntry>();
        var keys = new Dictionary<string, int>(StringComparer.Ordinal);
        var (size, height) = (1, 0);
        while (parser.MoveNext() && parser.Current is not MappingEnd)
        {
            if (parser.Current is not Scalar key) throw Refuse("a key must be plain text");
            if (key is { Value: "<<", Style: ScalarStyle.Plain })
            {
                throw Refuse("merge keys (<<) are not accepted: write the fields out");
            }
            var (keyLine, keyColumn) = Place(key.Start);
            parser.MoveNext();
            var value = ReadNode(depth + 1);
            (size, height) = (size + value.Size, Math.Max(height, value.Height));
            if (keys.TryAdd(key.Value, keyLine)) entries.Add(new MapEntry(key.Value, value.Node, keyLine, keyColumn));
            else
            {
                errors.Add(
                    new DocumentError($"duplicate key \"{key.Value}\", first on line {keys[key.Value]}", keyLine));
            }
        }

        return new Measured(new MapNode(entries.DrainToImmutable(), line, column), size, height + 1);
    }

    /// <summary>
    /// An alias stands for the node itself, so a bomb costs no memory here; its size as a tree is what is bounded.
    /// </summary>
    private Measured Expand(AnchorAlias alias, int depth)
    {
        if (!anchors.TryGetValue(alias.Value, out var target))
        {
            throw Refuse($"alias *{alias.Value} has no anchor before it");
        }
        aliasedNodes += target.Size;
        if (aliasedNodes > DocumentLimits.MaxAliasedNodes)
        {
            throw Refuse($"the aliases stand for more than {DocumentLimits.MaxAliasedNodes} nodes");
        }

        if (depth + target.Height - 1 > DocumentLimits.MaxDepth)
        {
            throw Refuse($"nested deeper than {DocumentLimits.MaxDepth} levels");
        }

        return target;
    }

    private static (int Line, int Column) Place(Mark mark) => ((int)mark.Line, (int)mark.Column);

    /// <summary>
    /// The parser's fault in a place a person looks at: a tab on its own line (the parser names the mapping around it),
    /// what never ends where it starts, everything else where it goes wrong.
    /// </summary>
    private static DocumentError Explain(string text, YamlException exception)
    {
        var (start, end) = ((int)exception.Start.Line, (int)exception.End.Line);
        if (TabIndentedLine(text, start) is { } tab
            && (tab == start || exception.Message.Contains("tab", StringComparison.Ordinal)))
        {
            return new DocumentError("a tab may not indent YAML: use spaces", tab);
        }

        var isOpen = exception.Message.Contains("end of stream", StringComparison.Ordinal);
        return new DocumentError(Sentence(exception.Message), isOpen ? start : Math.Max(start, end));
    }

    private static int? TabIndentedLine(string text, int from)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (++number >= from && line[..(line.Length - line.TrimStart().Length)].Contains('\t')) return number;
        }

        return null;
    }

    private static string Sentence(string message) =>
        message.Length == 0 ? "the text is no YAML" : message.TrimEnd('.');

    private RefusedException Refuse(string message) => new(message, (int)(parser.Current?.Start.Line ?? 0));

    /// <summary>A node with its size and height as a tree, aliases written out.</summary>
    private readonly record struct Measured(DocumentNode Node, int Size, int Height);

    private sealed class RefusedException(string message, int line) : Exception(message)
    {
        public int Line { get; } = line;
    }
}
