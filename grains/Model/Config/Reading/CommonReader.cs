using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads the small values that several kinds share.</summary>
internal static class CommonReader
{
    public static Destination Destination(ObjectReader reader) =>
        new(reader.Text("host"), reader.Text("subset"), reader.Object("port", PortSelector));

    public static PortSelector PortSelector(ObjectReader reader) => new(reader.Integer("number") ?? 0);

    public static NamedPort NamedPort(ObjectReader reader) => new(
        reader.Integer("number") ?? 0,
        reader.Text("name"),
        reader.Text("protocol"),
        reader.Integer("targetPort"));

    /// <summary>The selector of security and telemetry policies.</summary>
    public static WorkloadSelector MatchLabels(ObjectReader reader) => new(reader.TextMap("matchLabels"));

    /// <summary>The selector of Sidecar and ServiceEntry.</summary>
    public static WorkloadSelector Labels(ObjectReader reader) => new(reader.TextMap("labels"));

    /// <summary>The old single <c>targetRef</c> counts as a list of one.</summary>
    public static ImmutableArray<PolicyTarget> Targets(ObjectReader reader)
    {
        var single = reader.Object("targetRef", Target);
        var several = reader.List("targetRefs", Target);
        return single is null ? several : [single, .. several];
    }

    public static StringMatch StringMatch(ObjectReader reader)
    {
        var given = new List<StringMatch>(1);
        if (reader.OptionalText("exact") is { } exact) given.Add(Config.StringMatch.Exact(exact));
        if (reader.OptionalText("prefix") is { } prefix) given.Add(Config.StringMatch.Prefix(prefix));
        if (reader.OptionalText("regex") is { } regex) given.Add(Config.StringMatch.Regex(regex));
        if (given.Count > 1) reader.Report("", "only one of exact, prefix and regex may be set");
        return given.Count == 0 ? Config.StringMatch.Presence : given[0];
    }

    /// <summary>A condition on a header: the regex <c>*</c>, which is none, means presence (Istio).</summary>
    public static StringMatch HeaderMatch(ObjectReader reader)
    {
        var match = StringMatch(reader);
        return match is { Kind: StringMatchKind.Regex, Value: "*" } ? Config.StringMatch.Presence : match;
    }

    public static double? Percent(this ObjectReader reader, string name) =>
        reader.Object(name, inner => new Percentage(inner.Number("value") ?? 0))?.Value;

    public static ImmutableArray<KeyValuePair<string, string>> NamedValues(this ObjectReader reader, string name) =>
        [.. reader.List(name, inner => new NamedValue(inner.Text("name"), inner.Text("value")))
            .Select(pair => KeyValuePair.Create(pair.Name, pair.Value))];

    /// <summary>The names in a list of <c>{name: …}</c>.</summary>
    public static ImmutableArray<string> Names(this ObjectReader reader, string name) =>
        reader.List(name, inner => inner.Text("name"));

    public static HttpRetry Retry(ObjectReader reader) => new()
    {
        Attempts = reader.Integer("attempts") ?? 0,
        PerTryTimeout = reader.Duration("perTryTimeout"),
        RetryOn = reader.Text("retryOn"),
        RetryRemoteLocalities = reader.OptionalFlag("retryRemoteLocalities"),
        RetryIgnorePreviousHosts = reader.OptionalFlag("retryIgnorePreviousHosts"),
        Backoff = reader.Duration("backoff"),
    };

    private static PolicyTarget Target(ObjectReader reader) =>
        new(reader.Text("group"), reader.Text("kind"), reader.Text("name"), reader.Text("namespace"));

    private sealed record Percentage(double Value);

    private sealed record NamedValue(string Name, string Value);
}
