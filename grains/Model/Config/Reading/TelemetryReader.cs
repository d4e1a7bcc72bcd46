namespace MeshOrleans.Model.Config.Reading;

internal static class TelemetryReader
{
    public static Telemetry Read(ObjectReader reader) => new()
    {
        Selector = reader.Object("selector", CommonReader.MatchLabels),
        TargetRefs = CommonReader.Targets(reader),
        Tracing = reader.List("tracing", Tracing),
        Metrics = reader.List("metrics", inner => new TelemetryMetrics(
            inner.Names("providers"), inner.List("overrides", Override), inner.Duration("reportingInterval"))),
        AccessLogging = reader.List("accessLogging", inner => new TelemetryAccessLog(
            Mode(inner),
            inner.Names("providers"),
            inner.OptionalFlag("disabled"),
            inner.Object("filter", filter => filter.Text("expression")) ?? "")),
    };

    private static TelemetryTracing Tracing(ObjectReader reader) => new()
    {
        Mode = Mode(reader),
        Providers = reader.Names("providers"),
        RandomSamplingPercentage = reader.Number("randomSamplingPercentage"),
        DisableSpanReporting = reader.OptionalFlag("disableSpanReporting"),
        UseRequestIdForTraceSampling = reader.OptionalFlag("useRequestIdForTraceSampling"),
        EnableIstioTags = reader.OptionalFlag("enableIstioTags"),
        CustomTags = reader.ObjectMap("customTags", Tag),
    };

    private static WorkloadMode? Mode(ObjectReader reader) =>
        reader.Object("match", inner => new MetricOverride { Mode = inner.Choice<WorkloadMode>("mode") })?.Mode;

    private static TelemetryTag Tag(ObjectReader reader)
    {
        TelemetryTag?[] given =
        [
            reader.Object("literal", inner => new TelemetryTag(TelemetryTagSource.Literal, inner.Text("value"), "")),
            reader.Object("environment", inner => Named(inner, TelemetryTagSource.Environment)),
            reader.Object("header", inner => Named(inner, TelemetryTagSource.Header)),
            reader.Object(
                "formatter", inner => new TelemetryTag(TelemetryTagSource.Formatter, inner.Text("value"), "")),
        ];
        var tags = given.OfType<TelemetryTag>().ToList();
        if (tags.Count != 1) reader.Report("", "exactly one of literal, environment, header and formatter must be set");
        return tags.FirstOrDefault() ?? new TelemetryTag(TelemetryTagSource.Literal, "", "");
    }

    private static TelemetryTag Named(ObjectReader reader, TelemetryTagSource source) =>
        new(source, reader.Text("name"), reader.Text("defaultValue"));

    private static MetricOverride Override(ObjectReader reader)
    {
        var match = reader.Object("match", inner => new MetricOverride
        {
            Metric = inner.Text("metric"),
            CustomMetric = inner.Text("customMetric"),
            Mode = inner.Choice<WorkloadMode>("mode"),
        });
        return (match ?? new MetricOverride()) with
        {
            Disabled = reader.OptionalFlag("disabled"),
            TagOverrides = reader.ObjectMap("tagOverrides", inner => new TagOverride(
                inner.Choice<TagOperation>("operation") ?? default, inner.Text("value"))),
        };
    }
}
