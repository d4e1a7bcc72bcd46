using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of RequestAuthentication.</summary>
internal static class RequestAuthenticationRules
{
    public static void Check(RequestAuthentication policy, string ns, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckPolicy(policy.Selector, policy.TargetRefs, ns, spec, report);
        foreach (var (i, rule) in policy.JwtRules.Index()) CheckRule(rule, spec.At("jwtRules").At(i), report);
    }

    private static void CheckRule(JwtRule rule, FieldPath path, RuleReport report)
    {
        report.ErrorIf(rule is { Issuer: "", JwksUri: "" }, path, "issuer or jwksUri must be non-empty string");
        foreach (var (i, audience) in rule.Audiences.Index())
        {
            report.ErrorIf(audience.Length == 0, path.At("audiences").At(i), "audience must be non-empty string");
        }

        CheckKeys(rule, path, report);
        foreach (var (i, header) in rule.FromHeaders.Index())
        {
            report.ErrorIf(
                header.Name.Length == 0,
                path.At("fromHeaders").At(i).At("name"),
                "location header name must be non-empty string");
            CheckName(header.Name, path.At("fromHeaders").At(i).At("name"), report);
        }

        foreach (var (i, name) in rule.FromParams.Index())
        {
            report.ErrorIf(name.Length == 0, path.At("fromParams").At(i), "location query must be non-empty string");
        }

        foreach (var (i, name) in rule.FromCookies.Index())
        {
            report.ErrorIf(name.Length == 0, path.At("fromCookies").At(i), "cookie name must be non-empty string");
        }

        foreach (var (i, claim) in rule.OutputClaimToHeaders.Index())
        {
            var at = path.At("outputClaimToHeaders").At(i);
            report.ErrorIf(
                claim.Header.Length == 0 || claim.Claim.Length == 0,
                at,
                "header and claim must be non-empty");
            CheckName(claim.Header, at.At("header"), report);
        }

        CheckName(rule.OutputPayloadToHeader, path.At("outputPayloadToHeader"), report);

        ValueRules.CheckDuration(rule.Timeout, path.At("timeout"), report);
    }

    private static void CheckName(string header, FieldPath path, RuleReport report) => report.ErrorIf(
        header.Length > 0 && !HeaderRules.IsToken(header), path, $"header name {header} is not a valid header name");

    private static void CheckKeys(JwtRule rule, FieldPath path, RuleReport report)
    {
        if (rule.JwksUri.Length > 0)
        {
            var isUri = Uri.TryCreate(rule.JwksUri, UriKind.Absolute, out var uri);
            if (!isUri || uri!.Scheme is not ("http" or "https"))
            {
                report.Error(path.At("jwksUri"), $"URI scheme of \"{rule.JwksUri}\" must be http or https");
            }
            else if (!KeySource.TryParse(rule.JwksUri, out _))
            {
                report.Error(
                    path.At("jwksUri"),
                    $"must have a host, no user name, no fragment, and at most {KeySource.MaxLength} characters of ASCII");
            }
        }

        if (rule.Jwks.Length > 0 && !JsonWebKeySet.TryParse(rule.Jwks, out _, out var reason))
        {
            report.Error(path.At("jwks"), $"jwks parse error: {reason}");
        }
        report.ErrorIf(
            rule.Jwks.Length > 0 && rule.JwksUri.Length > 0,
            path,
            "only one of jwks and jwksUri may be set");
    }
}
