using System.Globalization;
using System.Text;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>The text of <c>grpc-message</c>: UTF-8, everything outside printable ASCII and '%' as %XX.</summary>
internal static class GrpcMessageText
{
    /// <summary>Longer texts are cut: header space is limited, and the text may quote what a peer sent.</summary>
    private const int MaxLength = 2_000;

    public static string Encode(string message)
    {
        if (message.Length <= MaxLength && message.All(IsPlain)) return message;
        var bytes = Encoding.UTF8.GetBytes(message.Length <= MaxLength ? message : message[..MaxLength]);
        var text = new StringBuilder(bytes.Length + 16);
        foreach (var b in bytes)
        {
            if (IsPlain((char)b)) text.Append((char)b);
            else text.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    /// <summary>Never fails: what is not well-formed stays as it came.</summary>
    public static string Decode(string text)
    {
        if (!text.Contains('%')) return text;
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length
                && byte.TryParse(
                    text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b))
            {
                bytes.Add(b);
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, 1));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static bool IsPlain(char c) => c is >= ' ' and <= '~' and not '%';
}
