namespace MeshOrleans.Proxy.Http2.Hpack;

/// <summary>Names that need not be made anew each time they are read.</summary>
internal static class KnownNames
{
    private static readonly string[] _further =
    [
        "x-request-id", "traceparent", "tracestate", "x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-proto",
        "x-envoy-attempt-count", "x-envoy-original-path", "x-envoy-upstream-rq-timeout-ms", "grpc-status", "grpc-message",
        "grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "te", "trailer", "origin", "x-b3-traceid", "x-b3-spanid",
        "x-b3-parentspanid", "x-b3-sampled", ":protocol",
    ];

    private const int Slots = 512; // a power of two, and many times what is known

    private static readonly string?[] _table = Build();

    /// <summary>The name that these bytes spell.</summary>
    public static string Of(ReadOnlySpan<byte> name)
    {
        for (var slot = Hash(name); _table[slot & (Slots - 1)] is { } known; slot++)
        {
            if (IsSame(known, name)) return known;
        }

        return System.Text.Encoding.Latin1.GetString(name);
    }

    private static string?[] Build()
    {
        var table = new string?[Slots];
        var names = Enumerable.Range(1, StaticTable.Count).Select(i => StaticTable.At(i).Name).Concat(_further).Distinct();
        foreach (var name in names)
        {
            var slot = Hash(System.Text.Encoding.Latin1.GetBytes(name));
            while (table[slot & (Slots - 1)] is not null) slot++;
            table[slot & (Slots - 1)] = name;
        }

        return table;
    }

    private static int Hash(ReadOnlySpan<byte> name) =>
        name.IsEmpty ? 0 : (name.Length * 31) + (name[0] * 7) + (name[^1] * 131) + (name[name.Length / 2] * 17);

    private static bool IsSame(string known, ReadOnlySpan<byte> name)
    {
        if (known.Length != name.Length) return false;
        for (var i = 0; i < name.Length; i++)
        {
            if (known[i] != name[i]) return false;
        }

        return true;
    }
}
