using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Output;

/// <summary>What is to be said below the table of callers: the verdict, and what it rests on.</summary>
internal static class ReadinessText
{
    public static IEnumerable<string> Of(ReadinessAnswer answer, TimeProvider clock)
    {
        var refused = answer.Callers?.Count(c => c.Standing == "WOULD_BE_REFUSED") ?? 0;
        yield return answer.Status switch
        {
            "CALLERS" => $"NOT READY: STRICT in {answer.Namespace} would refuse {refused} "
                + (refused == 1 ? "plaintext caller" : "plaintext callers"),
            "READY" => $"READY: no plaintext caller of {answer.Namespace} was seen that STRICT would refuse",
            "STRICT" => $"STRICT already: nothing would change in {answer.Namespace}",
            _ => $"NOT KNOWN: no plaintext caller of {answer.Namespace} was seen that STRICT would refuse, but not "
                + "every sidecar looks",
        };
        var since = answer.WatchedSince is { } at ? $", all of them since {Ages.At(at)} ({Ages.Since(at, clock)})" : "";
        if (answer.Workloads > 0)
        {
            yield return $"watched: {answer.Watched} of {answer.Workloads} workloads that would become STRICT{since}; "
                + $"callers are remembered for {answer.RememberedDays:0.#} days";
        }
        else if (answer.Status == "UNKNOWN")
        {
            yield return "watched: there is no workload with a sidecar";
        }

        foreach (var row in answer.Unwatched ?? []) yield return $"not watched: {row.Workload}, {row.Reason}";
        if (answer.Crowded > 0)
        {
            yield return $"crowded: {answer.Crowded} sidecars have seen as many callers as are remembered of one; there may "
                + "be more";
        }

        if (answer.Exempt > 0)
        {
            yield return $"exempt: {answer.Exempt}, which take plaintext still by policies that stand nearer";
        }

        if (answer.WithoutSidecar > 0)
        {
            yield return $"without sidecar: {answer.WithoutSidecar}, which STRICT does not protect";
        }

        if (answer.Callers?.Any(c => c.Standing == "WOULD_BE_REFUSED" && c.Mode == "DISABLE") is true)
        {
            yield return "where the mode is DISABLE today, set PERMISSIVE first: callers with a sidecar then use mTLS "
                + "by themselves";
        }
    }
}
