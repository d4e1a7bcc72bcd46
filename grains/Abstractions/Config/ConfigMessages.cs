using System.Collections.Immutable;

namespace MeshOrleans.Grains.Config;

/// <summary>One resource: its key and its stored form.</summary>
/// <param name="Key"><c>Kind/namespace/name</c>.</param>
/// <param name="Json">What <c>ConfigJson.Write</c> made of it.</param>
[GenerateSerializer, Immutable, Alias("mesh.ConfigDocument")]
public sealed record ConfigDocument([property: Id(0)] string Key, [property: Id(1)] string Json);

/// <summary>A change set to be accepted as a whole.</summary>
[GenerateSerializer, Immutable, Alias("mesh.ApplyRequest")]
public sealed record ApplyRequest
{
    /// <summary>Resources to create or replace.</summary>
    [Id(0)] public ImmutableArray<ConfigDocument> Put { get; init; } = [];

    /// <summary>
    /// Keys to delete; a key that is not there is a conflict of its own (<see cref="ApplyResult.Missing"/>).
    /// </summary>
    [Id(1)] public ImmutableArray<string> Delete { get; init; } = [];

    /// <summary>The revision the author looked at; null when any will do.</summary>
    [Id(2)] public long? ExpectedRevision { get; init; }

    /// <summary>Who asks: a SPIFFE ID, "admin" or the like.</summary>
    [Id(3)] public required string Author { get; init; }

    /// <summary>Why, in the author's words; may be empty.</summary>
    [Id(4)] public string Reason { get; init; } = "";

    /// <summary>Decide and answer, but save and tell nothing.</summary>
    [Id(5)] public bool DryRun { get; init; }
}

/// <summary>What became of a change set.</summary>
[GenerateSerializer, Immutable, Alias("mesh.ApplyResult")]
public abstract record ApplyResult
{
    private ApplyResult()
    {
    }

    /// <summary>It is a new revision (or would be, in a dry run).</summary>
    /// <param name="Revision">Its number.</param>
    /// <param name="Changes">What differs from the revision before.</param>
    [GenerateSerializer, Immutable, Alias("mesh.ApplyResult.Accepted")]
    public sealed record Accepted(
        [property: Id(0)] long Revision,
        [property: Id(1)] ImmutableArray<ConfigChange> Changes) : ApplyResult;

    /// <summary>Everything stood already as asked; no revision was made.</summary>
    /// <param name="Revision">The newest revision.</param>
    [GenerateSerializer, Immutable, Alias("mesh.ApplyResult.Unchanged")]
    public sealed record Unchanged([property: Id(0)] long Revision) : ApplyResult;

    /// <summary>The author looked at an older revision.</summary>
    /// <param name="Revision">The newest revision.</param>
    [GenerateSerializer, Immutable, Alias("mesh.ApplyResult.Conflict")]
    public sealed record Conflict([property: Id(0)] long Revision) : ApplyResult;

    /// <summary>A resource to be deleted is not there.</summary>
    /// <param name="Key">Its key.</param>
    [GenerateSerializer, Immutable, Alias("mesh.ApplyResult.Missing")]
    public sealed record Missing([property: Id(0)] string Key) : ApplyResult;
}

/// <summary>What a change did to a resource.</summary>
[GenerateSerializer, Alias("mesh.ConfigChangeKind")]
public enum ConfigChangeKind
{
    /// <summary>It was not there before.</summary>
    Created,

    /// <summary>It was there with other content.</summary>
    Updated,

    /// <summary>It is gone.</summary>
    Deleted,
}

/// <summary>One resource within a revision.</summary>
/// <param name="Key"><c>Kind/namespace/name</c>.</param>
/// <param name="Kind">What happened to it.</param>
/// <param name="Before">Its stored form before; null when created.</param>
/// <param name="After">Its stored form after; null when deleted.</param>
[GenerateSerializer, Immutable, Alias("mesh.ConfigChange")]
public sealed record ConfigChange(
    [property: Id(0)] string Key,
    [property: Id(1)] ConfigChangeKind Kind,
    [property: Id(2)] string? Before,
    [property: Id(3)] string? After);

/// <summary>One accepted change set: who, when, what, why.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="Time">When it was accepted.</param>
/// <param name="Author">Who asked.</param>
/// <param name="Reason">Why, in the author's words.</param>
/// <param name="Changes">What it changed; empty in listings.</param>
[GenerateSerializer, Immutable, Alias("mesh.RevisionRecord")]
public sealed record RevisionRecord(
    [property: Id(0)] long Number,
    [property: Id(1)] DateTimeOffset Time,
    [property: Id(2)] string Author,
    [property: Id(3)] string Reason,
    [property: Id(4)] ImmutableArray<ConfigChange> Changes);
