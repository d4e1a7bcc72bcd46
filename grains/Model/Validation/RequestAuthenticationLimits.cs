using System.Collections.Frozen;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Model.Validation;

/// <summary>What of a RequestAuthentication this version cannot do. What would leave tokens unchecked is refused.</summary>
internal static class RequestAuthenticationLimits
{
    // What a claim must not be written into: the transport's own, and what only the mesh may say.
    private static readonly FrozenSet<string> Reserved = new[]
    {
        "host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "keep-alive", "cookie",
        "x-forwarded-client-cert",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static void Check(RequestAuthentication policy, FieldPath spec, RuleReport report)
    {
        if (!policy.TargetRefs.IsEmpty)
        {
            report.Unsupported(spec.At("targetRefs"), "targetRefs", "use selector: no token would be checked");
        }

        foreach (var (i, rule) in policy.JwtRules.Index()) CheckRule(rule, spec.At("jwtRules").At(i), report);
    }

    private static void CheckRule(JwtRule rule, FieldPath path, RuleReport report)
    {
        if (rule.Jwks.Length > 0)
        {
            if (rule.Timeout is not null) report.NotActedOn(path.At("timeout"), "timeout");
            if (JsonWebKeySet.TryParse(rule.Jwks, out var keys, out _))
            {
                foreach (var reason in keys.LeftOut) report.NotActedOn(path.At("jwks"), $"a key ({reason})");
            }
        }
        else if (rule.JwksUri.Length == 0 && KeySource.AddressOf(rule) is null)
        {
            report.Unsupported(
                path,
                "a rule without jwks and jwksUri, whose issuer is no address,",
                "give one of them: there is nowhere to look for keys");
        }

        CheckOutput(rule.OutputPayloadToHeader, path.At("outputPayloadToHeader"), report);
        foreach (var (i, claim) in rule.OutputClaimToHeaders.Index())
        {
            CheckOutput(claim.Header, path.At("outputClaimToHeaders").At(i).At("header"), report);
        }
    }

    private static void CheckOutput(string header, FieldPath path, RuleReport report)
    {
        if (Reserved.Contains(header)
            || header.StartsWith("x-envoy-", StringComparison.OrdinalIgnoreCase)
            || header.StartsWith("x-mesh-", StringComparison.OrdinalIgnoreCase))
        {
            report.Unsupported(path, $"the header {header}", "choose one that is not the transport's or the mesh's");
        }
    }
}
