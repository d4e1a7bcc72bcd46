using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MeshOrleans.Model.Config.Documents;

/// <summary>A piece of a document, whatever it was written in, with the place where it stands.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Counted from 1.</param>
public abstract record DocumentNode(int Line, int Column)
{
    /// <summary>True for a null, written so or left empty.</summary>
    public bool IsNull => this is ScalarNode { Kind: ScalarKind.Null };
}

/// <summary>An object. Its keys differ from each other.</summary>
/// <param name="Entries">Its fields, in the order they were written.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Counted from 1.</param>
public sealed record MapNode(ImmutableArray<MapEntry> Entries, int Line, int Column) : DocumentNode(Line, Column)
{
    /// <summary>The field of a name; null when there is none.</summary>
    public MapEntry? Find(string key)
    {
        foreach (var entry in Entries)
        {
            if (entry.Key == key) return entry;
        }

        return null;
    }
}

/// <summary>One field of an object.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Its value.</param>
/// <param name="Line">Where its name stands.</param>
/// <param name="Column">Where its name stands.</param>
public sealed record MapEntry(string Key, DocumentNode Value, int Line, int Column);

/// <summary>A list.</summary>
/// <param name="Items">Its elements.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Counted from 1.</param>
public sealed record ListNode(ImmutableArray<DocumentNode> Items, int Line, int Column) : DocumentNode(Line, Column);

/// <summary>What an unquoted scalar stands for.</summary>
public enum ScalarKind
{
    /// <summary>Text: quoted, or nothing else.</summary>
    Text,

    /// <summary>A number as JSON writes it.</summary>
    Number,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Nothing.</summary>
    Null,
}

/// <summary>A single value.</summary>
/// <param name="Text">Its text, without quotes.</param>
/// <param name="Quoted">Whether it was marked as text.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Counted from 1.</param>
public sealed partial record ScalarNode(string Text, bool Quoted, int Line, int Column) : DocumentNode(Line, Column)
{
    /// <summary>What it stands for. Only JSON's words count (YAML 1.2); <c>yes</c> and <c>010</c> are text.</summary>
    public ScalarKind Kind { get; } = Quoted ? ScalarKind.Text : KindOf(Text);

    private static ScalarKind KindOf(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => ScalarKind.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => ScalarKind.Boolean,
        _ when text[0] is '-' or (>= '0' and <= '9') && IsFinite(text) => ScalarKind.Number,
        _ => ScalarKind.Text,
    };

    private static bool IsFinite(string text) => JsonNumber().IsMatch(text)
        && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number);

    [GeneratedRegex(
        @"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex JsonNumber();
}
