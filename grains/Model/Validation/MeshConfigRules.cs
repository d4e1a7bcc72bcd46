using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.Reading;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of MeshConfig.</summary>
internal static class MeshConfigRules
{
    private const int MaxBufferLimit = 16 * 1024 * 1024;

    public static void Check(MeshConfig mesh, FieldPath spec, RuleReport report)
    {
        if (mesh.TrustDomain is { } domain && !TrustDomain.TryParse(domain, out _))
        {
            report.Error(spec.At("trustDomain"), $"\"{domain}\" is no trust domain");
        }

        foreach (var (i, alias) in mesh.TrustDomainAliases.Index())
        {
            if (!TrustDomain.TryParse(alias, out _))
            {
                report.Error(spec.At("trustDomainAliases").At(i), $"\"{alias}\" is no trust domain");
            }
        }

        if (mesh.RootNamespace is { } root && !ResourceName.IsDnsLabel(root))
        {
            report.Error(spec.At("rootNamespace"), $"\"{root}\" is no DNS-1123 label");
        }

        HttpActionRules.CheckRetries(mesh.DefaultHttpRetryPolicy, spec.At("defaultHttpRetryPolicy"), report);
        if (mesh.RequestBufferLimitBytes is < 0 or > MaxBufferLimit)
        {
            report.Error(spec.At("requestBufferLimitBytes"), $"must be from 0 to {MaxBufferLimit}");
        }

        ValueRules.CheckDuration(mesh.ConnectTimeout, spec.At("connectTimeout"), report);
        LoadBalancerRules.CheckLocality(mesh.LocalityLbSetting, spec.At("localityLbSetting"), report);
    }
}
