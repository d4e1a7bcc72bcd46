using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of Telemetry.</summary>
internal static class TelemetryRules
{
    public static void Check(Telemetry telemetry, string ns, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckPolicy(telemetry.Selector, telemetry.TargetRefs, ns, spec, report);
        foreach (var (i, tracing) in telemetry.Tracing.Index())
        {
            var path = spec.At("tracing").At(i);
            CheckProviders(tracing.Providers, path, report);
            report.ErrorIf(
                tracing.RandomSamplingPercentage is < 0 or > 100,
                path.At("randomSamplingPercentage"),
                "randomSamplingPercentage must be in range [0.0, 100.0]");
            foreach (var (name, tag) in tracing.CustomTags)
            {
                var isNamed = tag.Source is TelemetryTagSource.Environment or TelemetryTagSource.Header;
                report.ErrorIf(
                    isNamed && tag.Value.Length == 0, path.At("customTags").At(name), "the name of a custom tag may not be empty");
            }
        }

        foreach (var (i, metrics) in telemetry.Metrics.Index()) CheckMetrics(metrics, spec.At("metrics").At(i), report);
        foreach (var (i, log) in telemetry.AccessLogging.Index())
        {
            CheckProviders(log.Providers, spec.At("accessLogging").At(i), report);
        }
    }

    private static void CheckMetrics(TelemetryMetrics metrics, FieldPath path, RuleReport report)
    {
        CheckProviders(metrics.Providers, path, report);
        ValueRules.CheckDuration(metrics.ReportingInterval, path.At("reportingInterval"), report);
        foreach (var (i, change) in metrics.Overrides.Index())
        {
            foreach (var (name, tag) in change.TagOverrides)
            {
                var at = path.At("overrides").At(i).At("tagOverrides").At(name);
                report.ErrorIf(
                    tag is { Operation: TagOperation.Upsert, Value: "" },
                    at,
                    "tagOverrides.value must be set when operation is UPSERT");
                report.ErrorIf(
                    tag is { Operation: TagOperation.Remove, Value.Length: > 0 },
                    at,
                    "tagOverrides.value may only be set when operation is UPSERT");
            }
        }
    }

    private static void CheckProviders(ImmutableArray<string> providers, FieldPath path, RuleReport report)
    {
        foreach (var (i, provider) in providers.Index())
        {
            report.ErrorIf(
                provider.Length == 0,
                path.At("providers").At(i).At("name"),
                "providers.name may not be empty");
        }
    }
}
