namespace MeshOrleans.Model.Evaluation;

/// <summary>
/// One condition on a query parameter; its first occurrence counts, and nothing is decoded (as in Envoy).
/// </summary>
/// <param name="Name">The parameter's name, with case.</param>
/// <param name="Value">What the value is compared with; null when only presence is asked for.</param>
public sealed record QueryParameterMatcher(string Name, StringMatcher? Value)
{
    /// <summary>Compares with the query as sent, without its question mark.</summary>
    public bool Matches(ReadOnlySpan<char> query)
    {
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            var equals = pair.IndexOf('=');
            var name = equals < 0 ? pair : pair[..equals];
            if (pair.IsEmpty || !name.SequenceEqual(Name)) continue;
            return Value is null || Value.Matches(equals < 0 ? default : pair[(equals + 1)..]);
        }

        return false;
    }
}
