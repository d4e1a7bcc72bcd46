using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>Changes to the headers of requests and responses.</summary>
/// <param name="Request">Before the request is forwarded.</param>
/// <param name="Response">Before the response is returned.</param>
public sealed record HeaderOperations(HeaderChanges Request, HeaderChanges Response)
{
    /// <summary>No change.</summary>
    public static HeaderOperations None { get; } = new(HeaderChanges.None, HeaderChanges.None);
}

/// <summary>Changes to one message's headers. Removal comes first, then set, then add.</summary>
public sealed record HeaderChanges
{
    /// <summary>No change.</summary>
    public static HeaderChanges None { get; } = new();

    /// <summary>Headers that are overwritten.</summary>
    public ImmutableSortedDictionary<string, string> Set { get; init; } = EmptyMap.Text;

    /// <summary>Headers that get one more value.</summary>
    public ImmutableSortedDictionary<string, string> Add { get; init; } = EmptyMap.Text;

    /// <summary>Headers that are taken away.</summary>
    public ImmutableArray<string> Remove { get; init; } = [];
}
