using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace MeshOrleans.Model.Tokens;

/// <summary>The public keys of an issuer (JWKS).</summary>
/// <remarks>
/// Source: RFC 7517 section 5. Keys that are of another kind or for another use are left out, as the RFC wants; a set
/// in which nothing is left verifies nothing.
/// </remarks>
public sealed class JsonWebKeySet
{
    /// <summary>How long the text may be.</summary>
    /// <value>1 MiB.</value>
    public const int MaxBytes = 1 << 20;

    /// <summary>How many keys there may be.</summary>
    /// <value>100.</value>
    public const int MaxKeys = 100;

    private JsonWebKeySet(ImmutableArray<JsonWebKey> keys, ImmutableArray<string> leftOut) =>
        (Keys, LeftOut) = (keys, leftOut);

    /// <summary>No keys: no token is by any of them.</summary>
    public static JsonWebKeySet Empty { get; } = new([], []);

    /// <summary>The keys that can be used, in the order of the text.</summary>
    public ImmutableArray<JsonWebKey> Keys { get; }

    /// <summary>Why other keys were left out, one line each.</summary>
    public ImmutableArray<string> LeftOut { get; }

    /// <summary>Reads a set without throwing: it may come from anywhere.</summary>
    /// <param name="text">The JSON text.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="problem">What is wrong with the text; empty when nothing is.</param>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out JsonWebKeySet? keys, out string problem)
    {
        keys = null;
        problem = text.Length > MaxBytes ? $"it has more than {MaxBytes} bytes" : "";
        if (problem.Length > 0) return false;
        if (ClaimReader.TryReadObject(Encoding.UTF8.GetBytes(text)) is not { } root)
        {
            problem = "it is no JSON object, or has a name twice";
            return false;
        }

        if (root["keys"] is not { Kind: ClaimKind.List } list)
        {
            problem = "it has no list \"keys\"";
            return false;
        }

        if (list.Items.Length > MaxKeys)
        {
            problem = $"it has more than {MaxKeys} keys";
            return false;
        }

        keys = Read(list.Items);
        return true;
    }

    /// <summary>
    /// The keys that can be used as JSON text, the public numbers only: what is handed on when a set came from elsewhere.
    /// </summary>
    public string ToPublicText()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (var key in Keys) key.Write(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static JsonWebKeySet Read(ImmutableArray<Claim> items)
    {
        var usable = ImmutableArray.CreateBuilder<JsonWebKey>();
        var leftOut = ImmutableArray.CreateBuilder<string>();
        foreach (var (i, item) in items.Index())
        {
            if (JsonWebKey.TryRead(item, out var problem) is { } key) usable.Add(key);
            else leftOut.Add($"keys[{i}]: {problem}");
        }

        return new JsonWebKeySet(usable.ToImmutable(), leftOut.ToImmutable());
    }
}
