using System.Collections.Immutable;

namespace MeshOrleans.Grains.Config;

/// <summary>What a change set does to the configuration as it stands.</summary>
internal static class ConfigMachine
{
    /// <summary>Decides about a change set as a whole.</summary>
    /// <returns>The answer, and the revision to be saved when it is one.</returns>
    /// <exception cref="ArgumentException">The change set names one key twice.</exception>
    public static (ApplyResult Result, RevisionRecord? Revision) Decide(
        ConfigState state, ApplyRequest request, DateTimeOffset now)
    {
        RequireDistinctKeys(request);
        if (request.ExpectedRevision is { } expected && expected != state.Revision)
        {
            return (new ApplyResult.Conflict(state.Revision), null);
        }

        if (request.Delete.FirstOrDefault(key => state.Find(key) is null) is { } missing)
        {
            return (new ApplyResult.Missing(missing), null);
        }

        var number = state.Revision + 1;
        ImmutableArray<ConfigChange> changes =
        [
            .. request.Put.Select((document, place) => Put(state, document, new ConfigStamps(number, place)))
                .OfType<ConfigChange>(),
            .. request.Delete.Select(key => new ConfigChange(key, ConfigChangeKind.Deleted, state.Find(key), null)),
        ];
        if (changes.IsEmpty) return (new ApplyResult.Unchanged(state.Revision), null);
        var accepted = new ApplyResult.Accepted(number, changes);
        return request.DryRun
            ? (accepted, null)
            : (accepted, new RevisionRecord(number, now, request.Author, request.Reason, changes));
    }

    private static ConfigChange? Put(ConfigState state, ConfigDocument document, ConfigStamps fresh)
    {
        if (state.Find(document.Key) is not { } before)
        {
            return new ConfigChange(document.Key, ConfigChangeKind.Created, null, fresh.Apply(document.Json));
        }

        if (ConfigStamps.SameContent(before, document.Json)) return null;
        var after = ConfigStamps.Of(before, document.Json).Apply(document.Json);
        return new ConfigChange(document.Key, ConfigChangeKind.Updated, before, after);
    }

    private static void RequireDistinctKeys(ApplyRequest request)
    {
        var twice = request.Put.Select(d => d.Key).Concat(request.Delete)
            .GroupBy(key => key, StringComparer.Ordinal)
            .FirstOrDefault(group => group.Skip(1).Any());
        if (twice is not null) throw new ArgumentException($"The change set names {twice.Key} twice.", nameof(request));
    }
}
