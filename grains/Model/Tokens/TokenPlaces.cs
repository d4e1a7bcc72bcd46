namespace MeshOrleans.Model.Tokens;

/// <summary>Finds tokens in headers, query parameters and cookies, and takes them out.</summary>
public static class TokenPlaces
{
    /// <summary>The token in a header's value.</summary>
    /// <returns>False when the value does not begin with the prefix: then there is none.</returns>
    public static bool TryRead(TokenHeader place, string value, out ReadOnlySpan<char> token)
    {
        token = default;
        var text = value.AsSpan().Trim();
        var prefix = place.Prefix.AsSpan().Trim();
        if (!text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) return false;
        var rest = text[prefix.Length..];

        // "Bearer" and "Bearerx" are no "Bearer x"
        var isWord = place.Prefix.EndsWith(' ');
        if (isWord && !rest.IsEmpty && !char.IsWhiteSpace(rest[0])) return false;
        token = rest.TrimStart();
        return true;
    }

    /// <summary>The next part of a query, or of the cookies, that has a name.</summary>
    /// <param name="rest">What has not been read; moves on behind the part.</param>
    /// <param name="separator"><c>&amp;</c> or <c>;</c>.</param>
    /// <param name="name">The name that is wanted.</param>
    /// <param name="value">What stands behind the equals sign, as sent.</param>
    internal static bool TryReadNext(
        ref ReadOnlySpan<char> rest, char separator, string name, out ReadOnlySpan<char> value)
    {
        value = default;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf(separator);
            var part = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (IsNamed(part, separator, name, out value)) return true;
        }

        return false;
    }

    /// <summary>What is left of a query, or of a cookie header, without the parts of a name.</summary>
    /// <param name="text">The query without question mark, or the header's value.</param>
    /// <param name="separator"><c>&amp;</c> or <c>;</c>.</param>
    /// <param name="name">The name.</param>
    public static string Without(string text, char separator, string name)
    {
        var kept = new List<string>();
        foreach (var part in text.Split(separator))
        {
            if (!IsNamed(part, separator, name, out _)) kept.Add(part);
        }

        return string.Join(separator, kept).TrimStart(' ');
    }

    /// <summary>A query with what stands in the parts of a name blotted out.</summary>
    /// <param name="query">The query without question mark.</param>
    /// <param name="name">The name.</param>
    public static string Blotted(string query, string name) =>
        query.Contains('%') || query.Contains(name, StringComparison.OrdinalIgnoreCase)
            ? string.Join('&', query.Split('&').Select(part => IsNamedAnyhow(part, name) ? $"{name}=-" : part))
            : query;

    private static bool IsNamedAnyhow(string part, string name) =>
        part.StartsWith($"{name}=", StringComparison.OrdinalIgnoreCase) || IsNamed(part, '&', name, out _);

    private static bool IsNamed(
        ReadOnlySpan<char> part, char separator, string name, out ReadOnlySpan<char> value)
    {
        var equals = part.IndexOf('=');
        value = equals < 0 ? default : part[(equals + 1)..];
        var found = equals < 0 ? part : part[..equals];
        if (separator == ';')
        {
            value = value.Trim().Trim('"');
            return equals >= 0 && found.Trim().SequenceEqual(name);
        }

        if (value.Contains('%')) value = Uri.UnescapeDataString(value);
        if (found.SequenceEqual(name)) return true;
        return found.ContainsAny('%', '+')
            && Uri.UnescapeDataString(found.ToString().Replace('+', ' ')) == name;
    }
}
