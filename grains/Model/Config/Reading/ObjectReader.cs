using System.Collections.Immutable;
using System.Globalization;
using MeshOrleans.Model.Config.Documents;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>
/// Reads the fields of one object. Every field that is asked for is known; what nobody asked for is reported at the
/// end. A field of the wrong type is reported and counts as absent, so that reading goes on to the next fault. Null is
/// absent.
/// </summary>
internal sealed class ObjectReader
{
    private readonly MapNode map;
    private readonly Func<FieldPath> path;
    private readonly Findings findings;
    private readonly List<string> known = [];
    private bool acceptsAll;

    private ObjectReader(MapNode map, Func<FieldPath> path, Findings findings) =>
        (this.map, this.path, this.findings) = (map, path, findings);

    /// <summary>Reads an object; a node that is none is reported, and the answer is null.</summary>
    public static T? Read<T>(DocumentNode node, Func<FieldPath> path, Findings findings, Func<ObjectReader, T> read)
        where T : class
    {
        if (node is not MapNode map)
        {
            findings.Unreadable(path(), $"must be an object, not {Describe(node)}", node.Line);
            return null;
        }

        var reader = new ObjectReader(map, path, findings);
        var result = read(reader);
        reader.ReportUnknown();
        return result;
    }

    /// <summary>The object as it was written.</summary>
    public MapNode Node => map;

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Fields that are accepted without being read.</summary>
    public void Accept(params ReadOnlySpan<string> names) => known.AddRange(names);

    /// <summary>Any field is accepted.</summary>
    public void AcceptAll() => acceptsAll = true;

    /// <summary>Whether the field is text, where a number may stand as well.</summary>
    public bool IsText(string name) => Find(name) is { Value: ScalarNode { Kind: ScalarKind.Text } };

    public string Text(string name) => OptionalText(name) ?? "";

    public string? OptionalText(string name) => Find(name) is { } entry ? TextOf(entry.Value, At(name)) : null;

    public bool Flag(string name) => OptionalFlag(name) ?? false;

    public bool? OptionalFlag(string name)
    {
        if (Find(name) is not { } entry) return null;
        if (entry.Value is ScalarNode { Kind: ScalarKind.Boolean } scalar) return scalar.Text[0] is 't' or 'T';
        Wrong(entry.Value, At(name), "true or false");
        return null;
    }

    public int? Integer(string name) => (int?)Long(name, int.MinValue, int.MaxValue);

    /// <summary>A whole number of 32 bits without a sign; what is beyond the largest with one counts as that.</summary>
    public int? Unsigned(string name) =>
        Long(name, int.MinValue, uint.MaxValue) is { } number ? (int)Math.Min(number, int.MaxValue) : null;

    public long? Long(string name, long min = long.MinValue, long max = long.MaxValue) =>
        Find(name) is { } entry ? LongOf(entry.Value, At(name), min, max) : null;

    public double? Number(string name)
    {
        if (Find(name) is not { } entry) return null;
        if (entry.Value is ScalarNode { Kind: ScalarKind.Number } scalar)
        {
            return double.Parse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        Wrong(entry.Value, At(name), "a number");
        return null;
    }

    public TimeSpan? Duration(string name)
    {
        if (OptionalText(name) is not { } text) return null;
        if (GoDuration.TryParse(text, out var duration)) return duration;
        Unreadable(name, $"\"{text}\" is no duration: write it like 1h30m, 1.5s or 250ms");
        return null;
    }

    public T? Choice<T>(string name)
        where T : struct, Enum
    {
        if (OptionalText(name) is not { } text) return null;
        if (EnumNames<T>.TryParse(text, out var value)) return value;
        var nearest = NearestName.Of(text, EnumNames<T>.All);
        var hint = nearest is null ? "" : $"; did you mean {nearest}?";
        Unreadable(name, $"\"{text}\" is none of {string.Join(", ", EnumNames<T>.All)}{hint}");
        return null;
    }

    public ImmutableArray<string> Texts(string name) => Items(name, TextOf);

    /// <summary>A list of numbers and words; one that cannot be parsed is reported.</summary>
    /// <param name="name">The field.</param>
    /// <param name="wanted">What an element must be, as in "is neither ...".</param>
    /// <param name="parse">Reads one; null when it makes no sense.</param>
    public ImmutableArray<T> Words<T>(string name, string wanted, Func<string, T?> parse)
        where T : class => Items(name, (node, place) =>
    {
        var text = (node as ScalarNode)?.Text;
        var item = text is null ? null : parse(text);
        if (item is null) findings.Unreadable(place(), $"{text ?? Describe(node)} is neither {wanted}", node.Line);
        return item;
    });

    public ImmutableArray<int> Integers(string name)
    {
        var numbers = ImmutableArray.CreateBuilder<int>();
        foreach (var (node, place) in Elements(name))
        {
            if (LongOf(node, place, int.MinValue, int.MaxValue) is { } number) numbers.Add((int)number);
        }

        return numbers.DrainToImmutable();
    }

    public T? Object<T>(string name, Func<ObjectReader, T> read)
        where T : class => Find(name) is { } entry ? Read(entry.Value, At(name), findings, read) : null;

    public ImmutableArray<T> List<T>(string name, Func<ObjectReader, T> read)
        where T : class => Items(name, (node, place) => Read(node, place, findings, read));

    public ImmutableSortedDictionary<string, string> TextMap(string name) => Map(name, TextOf);

    public ImmutableSortedDictionary<string, int> IntegerMap(string name)
    {
        var pairs = Map(name, (node, place) => (object?)LongOf(node, place, int.MinValue, int.MaxValue));
        return pairs.ToImmutableSortedDictionary(p => p.Key, p => (int)(long)p.Value, StringComparer.Ordinal);
    }

    public ImmutableSortedDictionary<string, T> ObjectMap<T>(string name, Func<ObjectReader, T> read)
        where T : class => Map(name, (node, place) => Read(node, place, findings, read));

    /// <summary>Reports a fault of a field, or of the object itself when <paramref name="name"/> is empty.</summary>
    public void Report(string name, string message) => findings.Error(PathOf(name), message, LineOf(name));

    /// <summary>Reports what is accepted, but should be written otherwise.</summary>
    public void Warn(string name, string message, string code) =>
        findings.Warn(PathOf(name), message, LineOf(name), code);

    private static string Describe(DocumentNode node) => node switch
    {
        MapNode => "an object",
        ListNode => "a list",
        ScalarNode { Kind: ScalarKind.Null } => "null",
        ScalarNode { Kind: ScalarKind.Number } scalar => $"the number {scalar.Text}",
        ScalarNode { Kind: ScalarKind.Boolean } scalar => $"the word {scalar.Text}",
        _ => "text",
    };

    private void ReportUnknown()
    {
        if (findings.IsStored || acceptsAll) return;
        foreach (var entry in map.Entries)
        {
            if (findings.IsFull) return;
            if (known.Contains(entry.Key)) continue;
            var nearest = NearestName.Of(entry.Key, known);
            var hint = nearest is null ? "" : $"; did you mean \"{nearest}\"?";
            findings.Error(path().At(entry.Key), $"unknown field \"{entry.Key}\"{hint}", entry.Line);
        }
    }

    private MapEntry? Find(string name)
    {
        known.Add(name);
        return map.Find(name) is { Value.IsNull: false } entry ? entry : null;
    }

    private ImmutableArray<T> Items<T>(string name, Func<DocumentNode, Func<FieldPath>, T?> read)
        where T : class
    {
        var items = ImmutableArray.CreateBuilder<T>();
        foreach (var (node, place) in Elements(name))
        {
            if (read(node, place) is { } item) items.Add(item);
        }

        return items.DrainToImmutable();
    }

    private IEnumerable<(DocumentNode Node, Func<FieldPath> Place)> Elements(string name)
    {
        if (Find(name) is not { } entry) return [];
        if (entry.Value is ListNode list)
        {
            return list.Items.Select((node, i) => (node, (Func<FieldPath>)(() => PathOf(name).At(i))));
        }
        Wrong(entry.Value, At(name), "a list");
        return [];
    }

    private ImmutableSortedDictionary<string, T> Map<T>(string name, Func<DocumentNode, Func<FieldPath>, T?> read)
        where T : class
    {
        if (Find(name) is not { } entry) return EmptyMap.Of<T>();
        if (entry.Value is not MapNode fields)
        {
            Wrong(entry.Value, At(name), "an object");
            return EmptyMap.Of<T>();
        }

        var result = EmptyMap.Of<T>().ToBuilder();
        foreach (var field in fields.Entries)
        {
            if (read(field.Value, () => PathOf(name).At(field.Key)) is { } value) result[field.Key] = value;
        }

        return result.ToImmutable();
    }

    private string? TextOf(DocumentNode node, Func<FieldPath> place)
    {
        if (node is ScalarNode { Kind: ScalarKind.Text } text) return text.Text;
        var hint = node is ScalarNode { Kind: not ScalarKind.Null } scalar
            ? $": put it in quotes, \"{scalar.Text}\""
            : "";
        Wrong(node, place, "text", hint);
        return null;
    }

    private long? LongOf(DocumentNode node, Func<FieldPath> place, long min, long max)
    {
        if (node is ScalarNode { Kind: ScalarKind.Number } scalar
            && decimal.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number == decimal.Truncate(number))
        {
            if (number >= min && number <= max) return (long)number;
            findings.Unreadable(place(), $"{scalar.Text} is out of range", node.Line);
            return null;
        }

        Wrong(node, place, "a whole number");
        return null;
    }

    private void Wrong(DocumentNode node, Func<FieldPath> place, string wanted, string hint = "") =>
        findings.Unreadable(place(), $"must be {wanted}, not {Describe(node)}{hint}", node.Line);

    private void Unreadable(string name, string message) => findings.Unreadable(PathOf(name), message, LineOf(name));

    private Func<FieldPath> At(string name) => () => path().At(name);

    private FieldPath PathOf(string name) => name.Length == 0 ? path() : path().At(name);

    private int LineOf(string name) => name.Length > 0 && map.Find(name) is { } entry ? entry.Line : map.Line;
}
