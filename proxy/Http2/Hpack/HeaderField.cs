namespace MeshOrleans.Proxy.Http2.Hpack;

/// <summary>A name and a value; each character is one byte.</summary>
internal readonly record struct HeaderField(string Name, string Value)
{
    private const int Overhead = 32;

    /// <summary>What it counts for in tables and lists (RFC 7541 section 4.1), in bytes.</summary>
    public int Size => Name.Length + Value.Length + Overhead;
}
