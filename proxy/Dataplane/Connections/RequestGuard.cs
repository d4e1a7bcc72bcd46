using System.Buffers;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// Tells, byte by byte, what may be a request by its first line, as generously as the most generous server that an application
/// may be: what is called something else here may be carried past everything that only requests meet (DECISIONS.md, 108).
/// </summary>
/// <remarks>
/// Servers skip blank lines, some all that Python calls white space, and separate words by it; some take any word for a
/// method, and some the versions of RTSP and ICE. So what has a version for its third word is a request. Without one it is
/// HTTP/0.9, for some whatever the method, and for some with headers: a method in capitals before a path or a URL.
/// </remarks>
internal struct RequestGuard
{
    /// <summary>No common server reads a first line that is longer.</summary>
    private const int LongestLine = 1024 * 1024;
    private const int LongestMethod = 16;

    private static readonly SearchValues<byte> White =
        SearchValues.Create([.. " \t\n\v\f\r"u8, 0x1c, 0x1d, 0x1e, 0x1f, 0x85, 0xa0]);

    // RFC 9110 section 9, RFC 5789, RFC 4918, RFC 3253, RFC 4791 and UPnP
    private static readonly string[] Common =
    [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "COPY", "LOCK", "MKCOL", "MOVE",
        "PROPFIND", "PROPPATCH", "UNLOCK", "REPORT", "SEARCH", "QUERY", "PURGE", "SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY",
        "M-SEARCH", "MERGE", "CHECKOUT", "MKACTIVITY", "MKCALENDAR", "ACL", "BIND", "LINK", "UNLINK", "PRI",
    ];

    private Method _method;
    private SpokenProtocol _decided; // Incomplete for not yet
    private long _length;
    private int _word; // which one, from 1; 0 before the first
    private int _place; // in the word
    private uint _letters; // the last four of the word
    private bool _isInWord;
    private bool _isNoSignature;
    private bool _isOver;
    private bool _isNotCapital;
    private bool _isPath;

    private static ReadOnlySpan<byte> ProxySignature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>
    /// <see cref="SpokenProtocol.Incomplete"/> while it may become a request of a method that is common, or of some path;
    /// <see cref="SpokenProtocol.Doubtful"/> while it hardly will.
    /// </summary>
    public readonly SpokenProtocol Spoken =>
        _decided is not SpokenProtocol.Incomplete ? _decided
        : _word == 0 || !_isNoSignature || _isPath || _method.MayBeOf(Common, isWhole: _word > 1 || !_isInWord)
            ? SpokenProtocol.Incomplete
            : SpokenProtocol.Doubtful;

    /// <summary>Reads the first bytes of a connection, HTTP/2 included, and consumes nothing.</summary>
    public static SpokenProtocol Read(in ReadOnlySequence<byte> arrived)
    {
        switch (PlaintextHttp2.IsPreface(arrived))
        {
            case true: return SpokenProtocol.Http2;
            case null: return SpokenProtocol.Incomplete;
        }

        var guard = default(RequestGuard);
        foreach (var segment in arrived) guard.Add(segment.Span);
        return guard.Spoken;
    }

    /// <summary>Reads on.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
        {
            if (_decided is not SpokenProtocol.Incomplete) return;
            _decided = Add(one);
        }
    }

    private SpokenProtocol Add(byte one)
    {
        if (!_isNoSignature)
        {
            _isNoSignature = one != ProxySignature[(int)_length];
            if (!_isNoSignature && _length == ProxySignature.Length - 1) return SpokenProtocol.ProxyHeader;
            if (_isNoSignature && _isOver) return SpokenProtocol.Other;
        }

        if (++_length > LongestLine) return SpokenProtocol.Other;
        if (one == '\n' && _word > 0)
        {
            _isOver = true; // unless it is that signature, in which there is the end of a line
            return _isNoSignature ? SpokenProtocol.Other : SpokenProtocol.Incomplete;
        }

        if (White.Contains(one))
        {
            _isInWord = false;
            return SpokenProtocol.Incomplete;
        }

        if (!_isInWord) (_isInWord, _word, _place, _letters) = (true, _word + 1, 0, 0);
        var decided = _word switch
        {
            1 => AddToMethod(one),
            2 => AddToTarget(one),
            _ => AddToVersion(one),
        };
        _letters = (_letters << 8) | one;
        _place++;
        return decided;
    }

    private SpokenProtocol AddToMethod(byte one)
    {
        _isNotCapital |= one is not ((>= (byte)'A' and <= (byte)'Z') or (byte)'-' or (byte)'_');
        _method.Add(_place, one);
        return _place == 4 && _method.Is("PROXY") ? SpokenProtocol.ProxyHeader : SpokenProtocol.Incomplete;
    }

    private SpokenProtocol AddToTarget(byte one)
    {
        if (_place == 0) _isPath = one == '/';
        if (_isNotCapital) return SpokenProtocol.Incomplete;
        var isTarget = _place == 0
            ? one is (byte)'/' or (byte)'*' || _method.Is("GET") || _method.Is("CONNECT")
            : one == '/' && (_letters & 0xffff) == 0x3a2f; // "://"
        return isTarget ? SpokenProtocol.Http1 : SpokenProtocol.Incomplete;
    }

    // "HTTP/", "RTSP/" or "ICE/", and a digit
    private readonly SpokenProtocol AddToVersion(byte one)
    {
        var isVersion = (_place, _letters & 0xdfdfdfdf) switch
        {
            (< 3, _) => char.IsAsciiLetter((char)one),
            (3, var word) => one == '/' ? word == 0x494345 : char.IsAsciiLetter((char)one),
            (4, var word) => word is 0x48545450 or 0x52545350 ? one == '/' : (word >> 8) == 0x494345 && char.IsAsciiDigit((char)one),
            _ => char.IsAsciiDigit((char)one),
        };
        return !isVersion ? SpokenProtocol.Other
            : char.IsAsciiDigit((char)one) ? SpokenProtocol.Http1
            : SpokenProtocol.Incomplete;
    }

    [System.Runtime.CompilerServices.InlineArray(LongestMethod)]
    private struct Letters
    {
        private byte _first;
    }

    private struct Method
    {
        private Letters _letters;
        private int _length;

        public void Add(int place, byte one)
        {
            _length = place + 1;
            if (place < LongestMethod) _letters[place] = one;
        }

        public readonly bool Is(string method) => _length == method.Length && Begins(method);

        public readonly bool MayBeOf(string[] methods, bool isWhole)
        {
            foreach (var method in methods)
            {
                if (isWhole ? Is(method) : _length <= method.Length && Begins(method)) return true;
            }

            return false;
        }

        private readonly bool Begins(string method)
        {
            for (var i = 0; i < _length; i++)
            {
                if (_letters[i] != method[i]) return false;
            }

            return true;
        }
    }
}
