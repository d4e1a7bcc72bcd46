using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>What names and values of headers may hold (RFC 9110 section 5.5 and 5.6.2, RFC 9113 section 8.2).</summary>
/// <remarks>Kestrel takes any name without a space or colon, and any value without NUL, CR and LF.</remarks>
internal static class FieldSyntax
{
    private static readonly SearchValues<char> _token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> _controls = SearchValues.Create(
        "\0\x01\x02\x03\x04\x05\x06\a\b\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f");

    /// <summary>Whether it is a token.</summary>
    public static bool IsName(ReadOnlySpan<char> name) => !name.IsEmpty && !name.ContainsAnyExcept(_token);

    /// <summary>Whether it has no controls but tabs, and nothing around it that another reader would take off.</summary>
    public static bool IsValue(ReadOnlySpan<char> value) =>
        value.IsEmpty || (!value.ContainsAny(_controls) && !IsBlank(value[0]) && !IsBlank(value[^1]));

    /// <summary>Whether all values of a header are such.</summary>
    public static bool AreValues(in StringValues values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (!IsValue(values[i])) return false;
        }

        return true;
    }

    /// <summary>
    /// Whether nothing but the proxy's own reading of the body is said about it: a coding besides chunked would be hidden
    /// from the backend, and HTTP/2 has no place for headers of a connection (RFC 9112 section 6.1, RFC 9113 section 8.2.2).
    /// </summary>
    public static bool IsFramingPlain(HttpRequest request)
    {
        var headers = request.Headers;
        if (HttpProtocol.IsHttp2(request.Protocol))
        {
            return headers.TransferEncoding.Count == 0 && headers.Connection.Count == 0 && headers.KeepAlive.Count == 0
                && headers.Upgrade.Count == 0 && headers.ProxyConnection.Count == 0;
        }

        var codings = headers.TransferEncoding;
        return codings.Count == 0
            || (codings.Count == 1 && string.Equals(codings[0], "chunked", StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsBlank(char c) => c is ' ' or '\t';
}
