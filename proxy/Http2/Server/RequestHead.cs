using System.Buffers;
using System.Globalization;
using MeshOrleans.Proxy.Http2.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>The line and the headers of a request, and whether they may be (RFC 9113 section 8.3.1).</summary>
internal sealed class RequestHead
{
    private const int UsualHeaders = 16; // those of the caller, and what proxies add

    private static readonly SearchValues<char> _methodCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    private bool _isWrong;
    private bool _hasOrdinary;
    private string? _authority;
    private List<string>? _cookies;

    public string Method { get; private set; } = "";

    public string Scheme { get; private set; } = "";

    /// <summary>The target as it was written.</summary>
    public string Target { get; private set; } = "";

    /// <summary>What an extended CONNECT asks for (RFC 8441); null for every other request.</summary>
    public string? Protocol { get; private set; }

    public HeaderDictionary Headers { get; } = new(UsualHeaders);

    /// <summary>What Content-Length says; null when it is not there.</summary>
    public long? Length { get; private set; }

    public void Add(string name, string value)
    {
        if (_isWrong) return;
        if (name.Length > 0 && name[0] == ':') AddPseudo(name, value);
        else if (!FieldRules.IsRight(name, value)) _isWrong = true;
        else AddOrdinary(name, value);
    }

    /// <summary>All fields have been added; false when it is no request.</summary>
    public bool TryFinish()
    {
        if (_isWrong || Method.Length == 0 || Method.AsSpan().ContainsAnyExcept(_methodCharacters)) return false;
        var isConnect = Method == HttpMethods.Connect;
        if (Protocol is not null && !isConnect) return false;
        if (isConnect && Protocol is null)
        {
            if (Scheme.Length > 0 || Target.Length > 0 || string.IsNullOrEmpty(_authority)) return false;
            Target = _authority;
        }
        else if (Scheme is not ("http" or "https")
            || !(Target.StartsWith('/') || (Target == "*" && Method == HttpMethods.Options))
            || Target.AsSpan().ContainsAnyInRange('\0', ' ') || Target.Contains('\x7f'))
        {
            return false;
        }

        // what routes and policies look at is the one, whatever the other says
        if (_cookies is { Count: > 0 }) Headers["cookie"] = string.Join("; ", _cookies); // RFC 9113 section 8.2.3
        if (!string.IsNullOrEmpty(_authority)) Headers["Host"] = _authority;
        var host = Headers["Host"];
        return host.Count <= 1 && Authority.IsRight(host.ToString());
    }

    private void AddPseudo(string name, string value)
    {
        _isWrong |= _hasOrdinary || !FieldRules.IsValue(value);
        switch (name)
        {
            case ":method" when Method.Length == 0: Method = Known(value); break;
            case ":scheme" when Scheme.Length == 0: Scheme = value; break;
            case ":path" when Target.Length == 0: Target = value; break;
            case ":authority" when _authority is null: _authority = value; break;
            case ":protocol" when Protocol is null: Protocol = value; break;
            default: _isWrong = true; break; // one that does not exist, or comes twice
        }
    }

    private void AddOrdinary(string name, string value)
    {
        _hasOrdinary = true;
        if (name == "content-length")
        {
            var isNumber = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length);
            _isWrong |= !isNumber || Length is not null;
            Length = length;
        }

        if (name == "cookie") (_cookies ??= []).Add(value);
        else if (!Headers.TryGetValue(name, out var before)) Headers[name] = value;
        else Headers[name] = StringValues.Concat(before, value);
    }

    private static string Known(string method) => HttpMethods.GetCanonicalizedValue(method);
}
