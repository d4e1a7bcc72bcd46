using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MeshOrleans.Grains.Config;

/// <summary>When a document was created: the only part of it that this grain writes or reads.</summary>
/// <param name="Revision">The revision that first accepted the key since it was last absent.</param>
/// <param name="Ordinal">Its place within that revision.</param>
internal readonly record struct ConfigStamps(long Revision, int Ordinal)
{
    private const string RevisionMember = "createdRevision";
    private const string OrdinalMember = "createdOrdinal";

    // As ConfigJson writes: the stored text is shown in diffs.
    private static readonly JsonSerializerOptions _writing =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads the stamps of a stored document; zeros where there are none.</summary>
    public static ConfigStamps Of(string json)
    {
        var document = Parse(json);
        return new ConfigStamps(
            document[RevisionMember]?.GetValue<long>() ?? 0,
            document[OrdinalMember]?.GetValue<int>() ?? 0);
    }

    /// <summary>Whether two documents say the same, whenever they were created.</summary>
    public static bool SameContent(string one, string other) => JsonNode.DeepEquals(Bare(one), Bare(other));

    /// <summary>The document with these stamps in place of its own.</summary>
    public string Apply(string json)
    {
        var document = Parse(json);
        document[RevisionMember] = Revision;
        document[OrdinalMember] = Ordinal;
        return document.ToJsonString(_writing);
    }

    private static JsonObject Bare(string json)
    {
        var document = Parse(json);
        document.Remove(RevisionMember);
        document.Remove(OrdinalMember);
        return document;
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json) as JsonObject
        ?? throw new FormatException("A configuration document is no JSON object.");
}
