using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Issuers;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of MeshConfig.</summary>
internal static class MeshConfigRules
{
    private const int MaxTrustedProxies = 32;
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

        if (mesh.NumTrustedProxies is < 0 or > MaxTrustedProxies)
        {
            report.Error(
                spec.At("defaultConfig").At("gatewayTopology").At("numTrustedProxies"),
                $"must be from 0 to {MaxTrustedProxies}");
        }

        ValueRules.CheckDuration(mesh.ConnectTimeout, spec.At("connectTimeout"), report);
        LoadBalancerRules.CheckLocality(mesh.LocalityLbSetting, spec.At("localityLbSetting"), report);
        ExtensionProviderRules.Check(mesh.ExtensionProviders, spec.At("extensionProviders"), report);
        if (mesh.IssuerKeys is { } keys) CheckIssuerKeys(keys, spec.At("issuerKeys"), report);
    }

    private static void CheckIssuerKeys(IssuerKeySettings keys, FieldPath path, RuleReport report)
    {
        foreach (var (i, host) in keys.AllowedHosts.Index())
        {
            report.ErrorIf(
                !IssuerAddresses.IsRule(host),
                path.At("allowedHosts").At(i),
                $"\"{host}\" is no address, block of addresses, host name or *.suffix");
        }

        CheckSpan(keys.RefreshInterval, path.At("refreshInterval"), report);
        CheckSpan(keys.MaxAge, path.At("maxAge"), report);
    }

    private static void CheckSpan(TimeSpan? span, FieldPath path, RuleReport report) => report.ErrorIf(
        span < TimeSpan.FromSeconds(1) || span > TimeSpan.FromDays(30), path, "must be from 1s to 720h");
}
