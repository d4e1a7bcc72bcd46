using System.Collections.Frozen;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Model.Validation;

/// <summary>What of a RequestAuthentication this version cannot do. What would leave tokens unchecked is refused.</summary>
internal static class RequestAuthenticationLimits
{
    // each carries the keys of its issuer to every proxy under the policy
    private const int MaxRules = 50;

    // Names that an application may take for one another: CGI and its heirs read - and _ alike.
    private static readonly IEqualityComparer<string> Twins = EqualityComparer<string>.Create(
        static (one, other) => Plain(one!) == Plain(other!), static name => Plain(name).GetHashCode(StringComparison.Ordinal));

    // What a claim must not be written into: the transport's own, and what only the mesh may say.
    private static readonly FrozenSet<string> Reserved = new[]
    {
        "host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "keep-alive", "cookie",
        "x-forwarded-client-cert",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static void Check(RequestAuthentication policy, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckReach(policy.TargetRefs, spec, "no token would be checked", report);
        report.ErrorIf(
            policy.JwtRules.Length > MaxRules, spec.At("jwtRules"), $"there are more than {MaxRules} rules");
        if (policy.JwtRules.Sum(rule => (long)rule.Jwks.Length) > KeyBudget.MaxCharacters)
        {
            report.Unsupported(
                spec.At("jwtRules"),
                $"jwks of more than {KeyBudget.MaxCharacters} characters in all",
                "leave out what is no public key of an issuer, or accept fewer issuers");
        }

        var places = policy.JwtRules.SelectMany(PlacesOf).ToHashSet(Twins);
        foreach (var (i, rule) in policy.JwtRules.Index())
        {
            CheckRule(rule, spec.At("jwtRules").At(i), report);
            CheckOutputs(rule, places, spec.At("jwtRules").At(i), report);
        }
    }

    /// <summary>The headers in which a rule looks for tokens.</summary>
    private static IEnumerable<string> PlacesOf(JwtRule rule) =>
        rule is { FromHeaders.IsEmpty: true, FromParams.IsEmpty: true, FromCookies.IsEmpty: true }
            ? ["authorization"]
            : rule.FromHeaders.Select(header => header.Name);

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
    }

    /// <summary>
    /// What a rule writes must not be taken for a token by another, and two things in one header not for one.
    /// </summary>
    private static void CheckOutputs(JwtRule rule, HashSet<string> places, FieldPath path, RuleReport report)
    {
        var written = new HashSet<string>(Twins);
        Check(rule.OutputPayloadToHeader, path.At("outputPayloadToHeader"));
        foreach (var (i, claim) in rule.OutputClaimToHeaders.Index())
        {
            Check(claim.Header, path.At("outputClaimToHeaders").At(i).At("header"));
        }

        void Check(string header, FieldPath at)
        {
            if (header.Length == 0) return;
            CheckOutput(header, at, report);
            if (places.Contains(header))
            {
                report.Unsupported(
                    at, $"writing into {header}, from which a rule of this policy reads tokens,", "choose another header");
            }

            if (!written.Add(header))
            {
                report.Unsupported(at, $"writing two things into {header}", "give each a header of its own");
            }
        }
    }

    private static string Plain(string name) => name.Replace('_', '-').ToLowerInvariant();

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
