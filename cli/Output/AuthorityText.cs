using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>The authority in a line for each root, and one for a rotation that is under way.</summary>
internal static class AuthorityText
{
    private const int MaxNames = 5;

    public static IEnumerable<string> Of(AuthorityRow authority, TimeProvider clock)
    {
        foreach (var root in authority.Roots ?? [])
        {
            var role = root.Signs ? "signs" : authority.Phase == "publishing" ? "is next" : "leaves";
            var until = root.SignsUntil is { } end ? $", signing certificate until {Ages.At(end)}" : "";
            yield return $"root {Shorten.To(root.Fingerprint, 16)} {role}, until {Ages.At(root.NotAfter)}{until}"
                + (root.Signs && !root.RenewsItself ? " (renewed by its owner)" : "");
        }

        var proxies = authority.Proxies ?? new AudienceRow();
        var of = $"{proxies.Holding} of {proxies.Holding + proxies.Lagging} proxies have these roots";
        var lagging = Names(proxies.LaggingNodes, proxies.Lagging);
        yield return authority.Phase switch
        {
            "publishing" => $"rotation: publishing for {Ages.Since(authority.Since ?? default, clock)}: {of}{lagging}; "
                + $"the next root signs at {Ages.At(authority.NextStepAt ?? default)} at the latest",
            "retiring" when authority.IsTurnedBack => $"rotation: turned back for {Ages.Since(authority.Since ?? default, clock)}: "
                + $"the newer root leaves at {Ages.At(authority.NextStepAt ?? default)}",
            "retiring" => $"rotation: retiring for {Ages.Since(authority.Since ?? default, clock)}: the former root leaves at "
                + Ages.At(authority.NextStepAt ?? default),
            _ => $"{of}{lagging}",
        };
        if (authority.Phase == "retiring" && authority.CutOffCount > 0)
        {
            yield return $"{authority.CutOffCount} certificates are still under the root that leaves"
                + Names(authority.CutOff, authority.CutOffCount, "");
        }

        foreach (var warning in authority.Warnings ?? []) yield return $"warning: {warning}";
        if (authority.MissedCount > 0)
        {
            yield return $"warning: {authority.MissedCount} proxies did not have the new root when it began to sign"
                + Names(authority.Missed, authority.MissedCount);
        }
    }

    /// <summary>Whom the end of a phase by force has cut off, as far as anybody knows.</summary>
    public static string CutOff(AuthorityRow authority) => authority.CutOffCount == 0
        ? "no proxy is known to be cut off; linked meshes, and roots that are kept in files, tell nobody what they have"
        : $"warning: {authority.CutOffCount} are cut off{Names(authority.CutOff, authority.CutOffCount, "")}; those that cannot "
            + "renew their certificate join again with a new token (meshctl workload token)";

    private static string Names(IReadOnlyList<string>? names, int count, string what = "not ") => names is not { Count: > 0 }
        ? ""
        : $" ({what}{string.Join(", ", names.Take(MaxNames).Select(Shorten.NodeId))}{(count > MaxNames ? ", …" : "")})";
}
