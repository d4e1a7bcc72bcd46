using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MeshOrleans.Grains.Config;

/// <summary>
/// When a document was created, and how often what it asks for has changed: the only part of it that this grain writes
/// or reads.
/// </summary>
/// <param name="Revision">The revision that first accepted the key since it was last absent.</param>
/// <param name="Ordinal">Its place within that revision.</param>
/// <param name="Generation">1 for a new one, and one more with each change of its spec. 1 is not written down.</param>
internal readonly record struct ConfigStamps(long Revision, int Ordinal, long Generation = 1)
{
    private const string RevisionMember = "createdRevision";
    private const string OrdinalMember = "createdOrdinal";
    private const string GenerationMember = "generation";
    private const string SpecMember = "spec";

    // As ConfigJson writes: the stored text is shown in diffs.
    private static readonly JsonSerializerOptions _writing =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads the stamps of a stored document; zeros where there are none.</summary>
    public static ConfigStamps Of(string json) => Of(Parse(json));

    /// <summary>The stamps of a document that takes the place of another.</summary>
    /// <param name="before">The stored document whose place it takes.</param>
    /// <param name="after">The document.</param>
    public static ConfigStamps Of(string before, string after)
    {
        var replaced = Parse(before);
        var stamps = Of(replaced);
        return JsonNode.DeepEquals(replaced[SpecMember], Parse(after)[SpecMember])
            ? stamps
            : stamps with { Generation = stamps.Generation + 1 };
    }

    /// <summary>Whether two documents say the same, whenever they were created.</summary>
    public static bool SameContent(string one, string other) => JsonNode.DeepEquals(Bare(one), Bare(other));

    /// <summary>The document with these stamps in place of its own.</summary>
    public string Apply(string json)
    {
        var document = Parse(json);
        document[RevisionMember] = Revision;
        document[OrdinalMember] = Ordinal;
        document.Remove(GenerationMember);
        if (Generation > 1) document[GenerationMember] = Generation;
        return document.ToJsonString(_writing);
    }

    private static ConfigStamps Of(JsonObject document) => new(
        document[RevisionMember]?.GetValue<long>() ?? 0,
        document[OrdinalMember]?.GetValue<int>() ?? 0,
        document[GenerationMember]?.GetValue<long>() ?? 1);

    private static JsonObject Bare(string json)
    {
        var document = Parse(json);
        document.Remove(RevisionMember);
        document.Remove(OrdinalMember);
        document.Remove(GenerationMember);
        return document;
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json) as JsonObject
        ?? throw new FormatException("A configuration document is no JSON object.");
}
