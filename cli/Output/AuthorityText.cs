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
            "retiring" => $"rotation: retiring for {Ages.Since(authority.Since ?? default, clock)}: the former root leaves at "
                + Ages.At(authority.NextStepAt ?? default),
            _ => $"{of}{lagging}",
        };
        if (authority.MissedCount > 0)
        {
            yield return $"warning: {authority.MissedCount} proxies did not have the new root when it began to sign"
                + Names(authority.Missed, authority.MissedCount);
        }
    }

    private static string Names(IReadOnlyList<string>? names, int count) => names is not { Count: > 0 }
        ? ""
        : $" (not {string.Join(", ", names.Take(MaxNames).Select(Shorten.NodeId))}{(count > MaxNames ? ", …" : "")})";
}
