using System.Buffers;
using System.Runtime.CompilerServices;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// Tells, byte by byte, what may be a request by its first line, as generously as the most generous server that an application
/// may be: what is called something else here may be carried past everything that only requests meet (DECISIONS.md, 108).
/// </summary>
/// <remarks>
/// Servers skip white space and control bytes before the line; some end it with CR LF only, and separate its words by all that
/// Python calls white space, others by blanks alone, so that words are counted in both ways. Some take any word for a method,
/// and the versions of RTSP and ICE. Without a version it is HTTP/0.9, for some with headers.
/// </remarks>
internal struct RequestGuard
{
    private const int LongestMethod = 16;

    private static readonly SearchValues<byte> White =
        SearchValues.Create([.. " \t\n\v\f\r"u8, 0x1c, 0x1d, 0x1e, 0x1f, 0x85, 0xa0]);

    // RFC 9110 section 5.6.2
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    // before whatever target, for servers that know HTTP/0.9 or do not look at the version
    private static readonly string[] WithAnyTarget = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

    // RFC 9110 section 9, RFC 5789, RFC 4918, RFC 3253, RFC 4791 and UPnP
    private static readonly string[] Common =
    [
        .. WithAnyTarget, "CONNECT", "TRACE", "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "UNLOCK", "REPORT",
        "SEARCH", "QUERY", "PURGE", "SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY", "M-SEARCH", "MERGE", "CHECKOUT", "MKACTIVITY",
        "MKCALENDAR", "ACL", "BIND", "LINK", "UNLINK", "SOURCE", "PRI",
    ];

    private Method _method;
    private SpokenProtocol _decided; // Incomplete for not yet
    private int _signature; // how many bytes of it; -1 when it is none
    private int _word; // which one, from 1, by any white space; 0 before the first
    private int _blankWord; // which one by blanks alone
    private int _place; // in the word
    private uint _letters; // the last four of the word
    private bool _isInWord;
    private bool _isInBlankWord;
    private bool _hasOddBlanks; // before the first word: such as no client of HTTP sends
    private bool _hasNewLine; // behind the first word
    private bool _isBehindReturn;
    private bool _isNoToken;
    private Version _version;

    private enum Version
    {
        Possible,
        Begun, // the name of a protocol and a slash: it may end anywhere
        None,
    }

    private static ReadOnlySpan<byte> ProxySignature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>
    /// <see cref="SpokenProtocol.Incomplete"/> while it may become a request of a method that is common;
    /// <see cref="SpokenProtocol.Doubtful"/> while it hardly will.
    /// </summary>
    public readonly SpokenProtocol Spoken =>
        _decided is not SpokenProtocol.Incomplete ? _decided
        : _signature > 0 || (_word == 0 ? !_hasOddBlanks : !_hasNewLine && _method.MayBeOf(Common, isWhole: _word > 1 || !_isInWord))
            ? SpokenProtocol.Incomplete
            : SpokenProtocol.Doubtful;

    /// <summary>The same where nothing more is waited for: what would be a request if it ended here is one.</summary>
    public readonly SpokenProtocol SpokenSoFar => IsVersion ? SpokenProtocol.Http1 : Spoken;

    private readonly bool IsVersion => _isInWord && _word > 2 && _version is Version.Begun;

    /// <summary>Reads on.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
        {
            if (_decided is not SpokenProtocol.Incomplete) return;
            _decided = Add(one);
            _isBehindReturn = one == '\r';
        }
    }

    private SpokenProtocol Add(byte one)
    {
        if (_signature >= 0)
        {
            _signature = one == ProxySignature[_signature] ? _signature + 1 : -1;
            if (_signature == ProxySignature.Length) return SpokenProtocol.ProxyHeader;
        }

        if (_word == 0 && one is <= 0x20 or (>= 0x7f and <= 0xa0))
        {
            _hasOddBlanks |= one is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n');
            return SpokenProtocol.Incomplete;
        }

        return White.Contains(one) ? EndWord(one) : AddToWord(one);
    }

    private SpokenProtocol EndWord(byte one)
    {
        if (IsVersion) return SpokenProtocol.Http1;
        if (_blankWord > 2 || (one == '\n' && _isBehindReturn)) return SpokenProtocol.Other;
        _isInWord = false;
        _isInBlankWord &= one != ' ';
        _hasNewLine |= one == '\n';
        return SpokenProtocol.Incomplete;
    }

    private SpokenProtocol AddToWord(byte one)
    {
        if (!_isInWord) (_isInWord, _word, _place, _letters, _version) = (true, _word + 1, 0, 0, Version.Possible);
        if (!_isInBlankWord) (_isInBlankWord, _blankWord) = (true, _blankWord + 1);
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
        _isNoToken |= !TokenBytes.Contains(one);
        _method.Add(_place, one);
        return _place == 4 && _method.Is("PROXY") ? SpokenProtocol.ProxyHeader : SpokenProtocol.Incomplete;
    }

    private readonly SpokenProtocol AddToTarget(byte one)
    {
        var isTarget = one switch
        {
            (byte)'/' when _place == 0 => !_isNoToken,
            (byte)'/' => (_letters & 0xffff) == 0x3a2f && _method.IsOneOf(Common), // "://"
            (byte)'*' when _place == 0 => _method.IsOneOf(Common),
            _ => _place == 0 && !_hasNewLine && (_method.IsOneOf(WithAnyTarget) || (one != '{' && _method.Is("CONNECT"))),
        };
        return isTarget ? SpokenProtocol.Http1 : SpokenProtocol.Incomplete;
    }

    private SpokenProtocol AddToVersion(byte one)
    {
        _version = _version switch
        {
            Version.Begun => one is (>= (byte)'0' and <= (byte)'9') or (byte)'.' or (byte)'+' or (byte)'-' ? Version.Begun : Version.None,
            Version.Possible when one == '/' => EndsInProtocol() ? Version.Begun : Version.None,
            Version.Possible when _place < 4 && char.IsAsciiLetter((char)one) => Version.Possible,
            _ => Version.None,
        };
        return _version is Version.None && _blankWord > 2 ? SpokenProtocol.Other : SpokenProtocol.Incomplete;
    }

    private readonly bool EndsInProtocol() => (_place, _letters & 0xdfdfdfdf) switch
    {
        (4, 0x48545450 or 0x52545350) => true, // HTTP, RTSP
        (3, 0x494345) => true, // ICE
        _ => false,
    };

    [InlineArray(LongestMethod)]
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

        public readonly bool IsOneOf(string[] methods) => MayBeOf(methods, isWhole: true);

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
