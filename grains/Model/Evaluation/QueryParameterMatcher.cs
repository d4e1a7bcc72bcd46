namespace MeshOrleans.Model.Evaluation;

/// <summary>
/// One condition on a query parameter; its first occurrence counts, and nothing is decoded (as in Envoy).
/// </summary>
/// <param name="Name">The parameter's name, with case.</param>
/// <param name="Value">What the value is compared with; null when only presence is asked for.</param>
public sealed record QueryParameterMatcher(string Name, StringMatcher? Value)
{
    /// <summary>Compares with the query as sent, without its question mark.</summary>
    public bool Matches(ReadOnlySpan<char> query) =>
        TryFind(query, out var value) && (Value is null || Value.Matches(value));

    /// <summary>The parameter's first value; false when the query does not have it.</summary>
    public bool TryFind(ReadOnlySpan<char> query, out ReadOnlySpan<char> value)
    {
        value = default;
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            var equals = pair.IndexOf('=');
            var name = equals < 0 ? pair : pair[..equals];
            if (pair.IsEmpty || !name.SequenceEqual(Name)) continue;
            if (equals >= 0) value = pair[(equals + 1)..];
            return true;
        }

        return false;
    }
}
