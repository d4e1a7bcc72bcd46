namespace MeshOrleans.Xds.Protocol.Patches;

/// <summary>Puts a resource together out of the former one and a patch.</summary>
public static class PatchReader
{
    /// <summary>The bytes of the new resource; null when the patch does not fit the former one.</summary>
    /// <param name="before">The former resource.</param>
    /// <param name="patch">The patch; nothing of it is believed.</param>
    /// <param name="maxSize">How long the result may be, in bytes.</param>
    public static byte[]? Apply(ReadOnlySpan<byte> before, ResourcePatch patch, int maxSize)
    {
        long size = 0;
        foreach (var piece in patch.Pieces)
        {
            if ((long)piece.Offset + piece.Length > before.Length) return null;
            size += (long)piece.Length + piece.Content.Length;
            if (size > maxSize) return null;
        }

        var after = new byte[size];
        var at = 0;
        foreach (var piece in patch.Pieces)
        {
            before.Slice((int)piece.Offset, (int)piece.Length).CopyTo(after.AsSpan(at));
            at += (int)piece.Length;
            piece.Content.Span.CopyTo(after.AsSpan(at));
            at += piece.Content.Length;
        }

        return after;
    }
}
