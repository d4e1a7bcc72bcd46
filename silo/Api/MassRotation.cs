using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// <c>POST /v1/identities/rotate</c>: makes the certificates of one identity, of a namespace or of the whole mesh due. Each
/// is replaced, with a fresh key, at a moment of its own within the spread.
/// </summary>
internal static class MassRotation
{
    /// <summary>How many certificates a second are signed where nobody says how long it may take.</summary>
    private const double PerSecond = 50;

    private const int MaxParallel = 32;

    private static readonly TimeSpan _longest = TimeSpan.FromHours(24);

    public static async Task<IResult> RunAsync(HttpContext context, IGrainFactory grains, SnapshotHolder snapshots)
    {
        var (body, problem) = await ApiJson.ReadAsync<RotateBody>(context);
        if (body is null) return problem!;
        context.Concerns(body.SpiffeId.Length > 0 ? body.SpiffeId
            : body.Namespace.Length > 0 ? $"namespace {body.Namespace}"
            : "the mesh");
        if (body.SpreadSeconds is < 0 || body.SpreadSeconds > _longest.TotalSeconds)
        {
            return Problems.BadField("spreadSeconds", $"must be 0 to {_longest.TotalSeconds:F0}");
        }

        if (!snapshots.IsSynced) return Problems.Of(503, "Not ready.", "The mesh is not known here yet.");
        var chosen = snapshots.Current.Identities.Values.Where(record => IsMeant(record.SpiffeId, body)).ToList();
        if (chosen.Count == 0) return Problems.NotFound("No certificate is in use that this names.");
        var spread = TimeSpan.FromSeconds(body.SpreadSeconds ?? Math.Min(chosen.Count / PerSecond, _longest.TotalSeconds));
        var identities = chosen.Select(record => record.SpiffeId).Distinct(StringComparer.Ordinal).ToList();
        return await RotateAsync(grains, identities, spread, context.RequestAborted);
    }

    private static async Task<IResult> RotateAsync(
        IGrainFactory grains, List<string> identities, TimeSpan spread, CancellationToken cancellationToken)
    {
        var (due, failed, reason) = (0, 0, "");
        var options = new ParallelOptions { MaxDegreeOfParallelism = MaxParallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(identities, options, async (id, token) =>
        {
            try
            {
                Interlocked.Add(ref due, await grains.GetGrain<IIdentityGrain>(id).RotateOverAsync(spread, token));
            }
            catch (Exception exception) when (PassingFailure.Is(exception))
            {
                Interlocked.Increment(ref failed);
                reason = PassingFailure.Reason(exception);
            }
        });
        return failed == 0
            ? Results.Json(
                new { identities = identities.Count, due, spreadSeconds = spread.TotalSeconds },
                ApiJson.Options,
                statusCode: 202)
            : Problems.Of(
                503,
                "Not all of it could be done right now.",
                $"{failed} of {identities.Count} identities were not rotated: {reason} The others are; repeating it rotates "
                + "them once more.");
    }

    private static bool IsMeant(string spiffeId, RotateBody body) =>
        (body.SpiffeId.Length == 0 || body.SpiffeId == spiffeId)
        && (body.Namespace.Length == 0
            || (SpiffeId.TryParse(spiffeId, out var id) && id.Namespace == body.Namespace));

    private sealed record RotateBody(string SpiffeId = "", string Namespace = "", double? SpreadSeconds = null);
}
