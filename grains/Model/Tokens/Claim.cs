using System.Collections.Immutable;

namespace MeshOrleans.Model.Tokens;

/// <summary>What a <see cref="Claim"/> is.</summary>
public enum ClaimKind
{
    /// <summary>A string.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>The JSON null.</summary>
    Null,

    /// <summary>An array.</summary>
    List,

    /// <summary>An object.</summary>
    Object,
}

/// <summary>One JSON value of a token or a key set, read once and never changed.</summary>
/// <remarks>The names within an object are unique: a text that repeats one is refused as a whole.</remarks>
public sealed class Claim
{
    private static readonly Dictionary<string, Claim> None = [];

    private readonly Dictionary<string, Claim> _members;

    internal Claim(
        ClaimKind kind, string text, ImmutableArray<Claim> items, Dictionary<string, Claim>? members, Range place)
    {
        (Kind, Text, Items, Place) = (kind, text, items, place);
        _members = members ?? None;
    }

    /// <summary>What it is.</summary>
    public ClaimKind Kind { get; }

    /// <summary>The string itself, a number as it was written, or true or false; empty for all else.</summary>
    public string Text { get; }

    /// <summary>The values of an array; empty for all else.</summary>
    public ImmutableArray<Claim> Items { get; }

    /// <summary>Where it stands in the bytes from which it was read.</summary>
    internal Range Place { get; }

    /// <summary>A member of an object; null when there is none of the name, or this is no object.</summary>
    public Claim? this[string name] => _members.GetValueOrDefault(name);

    /// <inheritdoc/>
    public override string ToString() => Kind.ToString(); // what a token says is not for logs
}
