using MeshOrleans.Model.Config.GatewayApi;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads what routes of the Gateway API name, and the words that their API writes as they are.</summary>
internal static class RouteReferenceReader
{
    public static ParentReference Parent(ObjectReader reader) => new()
    {
        Group = reader.OptionalText("group") ?? ParentReference.GatewayGroup,
        Kind = reader.OptionalText("kind") ?? "Gateway",
        Namespace = reader.Text("namespace"),
        Name = reader.Text("name"),
        SectionName = reader.Text("sectionName"),
        Port = reader.Integer("port"),
    };

    /// <summary>A backend of requests.</summary>
    public static BackendReference Backend(ObjectReader reader) => Share(reader) with
    {
        Filters = reader.List("filters", RequestFilterReader.Read),
    };

    /// <summary>A backend of connections, which has no filters of its own.</summary>
    public static BackendReference Share(ObjectReader reader) => Target(reader) with
    {
        Weight = reader.Integer("weight") ?? 1,
    };

    /// <summary>A backend that has neither share nor filters of its own.</summary>
    public static BackendReference Target(ObjectReader reader) => new()
    {
        Group = reader.Text("group"),
        Kind = reader.OptionalText("kind") ?? "Service",
        Namespace = reader.Text("namespace"),
        Name = reader.Text("name"),
        Port = reader.Integer("port"),
    };

    /// <summary>A word that must be one of some; the first of them when it is missing or, which is reported, none.</summary>
    public static string Word(this ObjectReader reader, string name, params ReadOnlySpan<string> known)
    {
        if (reader.OptionalText(name) is not { } text) return known[0];
        if (known.Contains(text)) return text;
        string[] all = [.. known];
        var nearest = NearestName.Of(text, all);
        var hint = nearest is null ? "" : $"; did you mean {nearest}?";
        reader.Report(name, $"\"{text}\" is none of {string.Join(", ", all)}{hint}");
        return known[0];
    }
}
