using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>
/// Rules of ProxyConfig, and that nothing of it has an effect: sidecars here are started by hand, not injected.
/// </summary>
internal static class ProxyConfigRules
{
    public static void Check(ProxyConfig config, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckSelector(config.Selector, spec.At("selector"), "matchLabels", report);
        report.ErrorIf(
            config.Concurrency < 0, spec.At("concurrency"), "concurrency must be greater than or equal to 0");
    }

    public static void Tell(ProxyConfig config, FieldPath spec, RuleReport report)
    {
        if (config.Concurrency is >= 0)
        {
            report.NotActedOn(
                spec.At("concurrency"),
                "concurrency (a sidecar takes the cores that it may run on: limit those of its process)");
        }

        foreach (var name in config.EnvironmentVariables.Keys)
        {
            report.NotActedOn(
                spec.At("environmentVariables").At(name),
                $"the environment variable {name} (set it where the sidecar is started)");
        }

        if (config.ImageType is { Length: > 0 } type)
        {
            report.NotActedOn(
                spec.At("image").At("imageType"), $"the image {type} (a sidecar is one program, and no image)");
        }
    }
}
