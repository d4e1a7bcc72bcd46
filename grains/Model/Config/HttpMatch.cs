using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>A condition on a request; all of its fields must hold.</summary>
public sealed record HttpMatch
{
    /// <summary>Its name, for logs; may be empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>The path, without query.</summary>
    public StringMatch? Uri { get; init; }

    /// <summary>Whether no path is left out.</summary>
    public bool TakesEveryPath => Uri is null
        or { Kind: StringMatchKind.Prefix or StringMatchKind.PathPrefix, Value: "/" or "" }
        or { Kind: StringMatchKind.Regex, Value: ".*" or "/.*" };

    /// <summary>The scheme.</summary>
    public StringMatch? Scheme { get; init; }

    /// <summary>The method.</summary>
    public StringMatch? Method { get; init; }

    /// <summary>The authority.</summary>
    public StringMatch? Authority { get; init; }

    /// <summary>Headers by lower-case name.</summary>
    public ImmutableSortedDictionary<string, StringMatch> Headers { get; init; } = EmptyMap.Of<StringMatch>();

    /// <summary>Headers that must not match; a missing header counts as empty.</summary>
    public ImmutableSortedDictionary<string, StringMatch> WithoutHeaders { get; init; } = EmptyMap.Of<StringMatch>();

    /// <summary>Query parameters by name.</summary>
    public ImmutableSortedDictionary<string, StringMatch> QueryParams { get; init; } = EmptyMap.Of<StringMatch>();

    /// <summary>The port asked for; null means any. Selects the listeners that get the rule.</summary>
    public int? Port { get; init; }

    /// <summary>Labels of the client workload: selects the proxies that get the rule.</summary>
    public ImmutableSortedDictionary<string, string> SourceLabels { get; init; } = EmptyMap.Text;

    /// <summary>Namespace of the client workload; empty means any.</summary>
    public string SourceNamespace { get; init; } = "";

    /// <summary>Gateways that get the rule; overrides those of the VirtualService.</summary>
    public ImmutableArray<string> Gateways { get; init; } = [];

    /// <summary>Whether exact and prefix matches of <see cref="Uri"/> ignore case.</summary>
    public bool IgnoreUriCase { get; init; }

    /// <summary>Prefix of the statistics of this route; may be empty.</summary>
    public string StatPrefix { get; init; } = "";
}
