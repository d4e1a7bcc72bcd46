namespace MeshOrleans.Cli.Connection;

/// <summary>Paths with a query.</summary>
internal static class Query
{
    /// <summary>The path with those parameters that have a value.</summary>
    public static string Append(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (value is null) continue;
            path += $"{separator}{name}={Uri.EscapeDataString(value)}";
            separator = '&';
        }

        return path;
    }
}
