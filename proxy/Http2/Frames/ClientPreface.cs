namespace MeshOrleans.Proxy.Http2.Frames;

/// <summary>With which a client begins to speak HTTP/2 (RFC 9113 section 3.4).</summary>
public static class ClientPreface
{
    /// <summary>The bytes.</summary>
    public static ReadOnlySpan<byte> Bytes => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Whether a connection begins with it; null while it can still.</summary>
    public static bool? Begins(ReadOnlySpan<byte> arrived)
    {
        var length = Math.Min(arrived.Length, Bytes.Length);
        if (!arrived[..length].SequenceEqual(Bytes[..length])) return false;
        return length == Bytes.Length ? true : null;
    }
}
