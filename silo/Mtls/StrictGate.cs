using System.Collections.Immutable;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Config;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Validation;
using MeshOrleans.Silo.Manifests;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Silo.Mtls;

/// <summary>
/// Looks at changes of the configuration by which workload ports begin to demand mesh mTLS: whom they would refuse.
/// </summary>
internal sealed partial class StrictGate(IGrainFactory grains, CallerBook book, ILogger<StrictGate> logger)
{
    private const int Attempts = 5;
    private static readonly string[] _kinds = [$"{nameof(PeerAuthentication)}/", $"{nameof(MeshConfig)}/"];

    /// <summary>
    /// Applies a change set, unless the mesh guards itself against those that would refuse callers and this one would.
    /// What was judged and what is changed are then the same revision.
    /// </summary>
    /// <param name="request">The change set.</param>
    /// <param name="put">The resources that it puts.</param>
    /// <param name="deleted">Those that it deletes.</param>
    /// <param name="sees">Whether whoever asks may know what there is in a namespace.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>The findings, and what became of it: null when it was refused.</returns>
    public async Task<(StrictReview Review, ApplyResult? Result)> ApplyAsync(
        ApplyRequest request,
        ImmutableArray<ConfigResource> put,
        ImmutableArray<ConfigKey> deleted,
        Func<string, bool> sees,
        CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var review = await ReviewAsync(put, deleted, sees, cancellationToken);
            if (review.IsRefused) return (review, null);
            if (review.IsBound && request.ExpectedRevision is { } named && named != review.Revision)
            {
                return (review, new ApplyResult.Conflict(review.Revision)); // also one that was not there yet
            }

            var isBound = review.IsBound && request.ExpectedRevision is null;
            var result = await grains.GetGrain<IMeshConfigGrain>(MeshKeys.Default).ApplyAsync(
                isBound ? request with { ExpectedRevision = review.Revision } : request, cancellationToken);
            if (!isBound || attempt == Attempts || result is not ApplyResult.Conflict) return (review, result);
        }
    }

    /// <summary>The configuration that says what ports demand, as it is saved.</summary>
    public async Task<(long Revision, ImmutableSortedDictionary<ConfigKey, ConfigResource> Config)> ConfigAsync(
        CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IMeshConfigGrain>(MeshKeys.Default);
        var revision = await grain.GetRevisionAsync(cancellationToken); // first: what is read then is that, or newer
        var documents = await grain.GetDocumentsAsync(cancellationToken);
        return (revision, documents
            .Where(d => _kinds.Any(kind => d.Key.StartsWith(kind, StringComparison.Ordinal)))
            .Select(d => ConfigJson.Read(d.Json))
            .ToImmutableSortedDictionary(r => r.Key, r => r));
    }

    /// <summary>
    /// What there is to say of plaintext callers under a configuration: whom it refuses, or would refuse when it came in
    /// the place of the one that is, and of whom that is not known.
    /// </summary>
    /// <param name="before">The configuration as it is.</param>
    /// <param name="after">As it would be; the same one where nothing is to change.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<ImmutableArray<Violation>> AnalyzeAsync(
        IReadOnlyDictionary<ConfigKey, ConfigResource> before,
        IReadOnlyDictionary<ConfigKey, ConfigResource> after,
        CancellationToken cancellationToken)
    {
        if (!after.Values.Any(DemandsMeshTls)) return [];
        try
        {
            var callers = await book.ReadAllAsync(cancellationToken);
            var (was, will) = (new AuthenticationTable(before.Values), new AuthenticationTable(after.Values));
            return
            [
                .. StrictReview.Of(callers, was, will, GuardOf(after), revision: 0, _ => true).Findings,
                .. StrictReview.InForce(callers, was, will),
            ];
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRead(exception); // all else that the analysis has found is worth to be told
            return [StrictReview.NotRead("")];
        }
    }

    private async Task<StrictReview> ReviewAsync(
        ImmutableArray<ConfigResource> put,
        ImmutableArray<ConfigKey> deleted,
        Func<string, bool> sees,
        CancellationToken cancellationToken)
    {
        ImmutableArray<ConfigKey> changed = [.. put.Select(r => r.Key).Concat(deleted)];
        if (!changed.Any(key => Concerns(key.Kind))) return StrictReview.Nothing;
        var (revision, before) = await ConfigAsync(cancellationToken);
        var after = put.Over(before).RemoveRange(deleted);
        var guard = GuardOf(after);
        var harmless = StrictReview.Nothing with { Guard = guard, Revision = revision };
        if (!after.Values.Any(DemandsMeshTls)) return harmless;
        var (was, will) = (new AuthenticationTable(before.Values), new AuthenticationTable(after.Values));
        var namespaces = changed
            .Where(k => k.Kind == nameof(PeerAuthentication)).Select(k => k.Namespace).Distinct().ToList();
        var isForMesh = was.RootNamespace != will.RootNamespace || namespaces.Contains(will.RootNamespace);
        if (namespaces.Count == 0 && !isForMesh) return harmless;
        try
        {
            var callers = isForMesh
                ? await book.ReadAllAsync(cancellationToken)
                : await book.ReadAsync([.. namespaces], cancellationToken);
            return StrictReview.Of(callers, was, will, guard, revision, sees);
        }
        catch (Exception exception) when (guard is StrictGuard.Warn && !cancellationToken.IsCancellationRequested)
        {
            // a warning that cannot be made must not keep anybody from opening what is shut
            LogNotRead(exception);
            return harmless with
            {
                Unknown = [StrictReview.NotRead(changed.First(key => Concerns(key.Kind)).ToString())],
            };
        }
    }

    private static StrictGuard GuardOf(IReadOnlyDictionary<ConfigKey, ConfigResource> config) =>
        (config.GetValueOrDefault(MeshConfig.Key)?.Spec as MeshConfig)?.StrictGuard ?? StrictGuard.Warn;

    private static bool Concerns(string kind) => kind is nameof(PeerAuthentication) or nameof(MeshConfig);

    private static bool DemandsMeshTls(ConfigResource resource) =>
        resource.Spec is PeerAuthentication policy
        && (policy.Mtls is MutualTlsMode.Strict || policy.PortLevelMtls.ContainsValue(MutualTlsMode.Strict));

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "What was seen of plaintext callers cannot be read, so that nobody is warned of whom STRICT refuses.")]
    private partial void LogNotRead(Exception exception);
}
