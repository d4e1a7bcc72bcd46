using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MeshOrleans.Model.Tokens;

/// <summary>Remembers the tokens whose signature was right, by hash, so that it is checked once for each.</summary>
/// <remarks>
/// Bounded: when the young half is full it becomes the old half, and what nobody asked for meanwhile is let go. Tokens
/// that were refused are not remembered: whoever invents many would push the good ones out. For several threads.
/// </remarks>
internal sealed class TokenCache(int capacity = TokenCache.DefaultCapacity)
{
    private const int DefaultCapacity = 1024;

    private readonly Lock _turn = new();
    private ConcurrentDictionary<Key, VerifiedToken> _young = new();
    private ConcurrentDictionary<Key, VerifiedToken> _old = new();
    private int _count;

    /// <summary>How many tokens are remembered.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>The token of this very text; null when it is not remembered. Its time is not looked at.</summary>
    public VerifiedToken? Find(in Key key)
    {
        if (_young.TryGetValue(key, out var token)) return token;
        if (!_old.TryGetValue(key, out token)) return null;
        Add(key, token);
        return token;
    }

    public void Add(in Key key, VerifiedToken token)
    {
        if (!_young.TryAdd(key, token)) return;
        if (Interlocked.Increment(ref _count) < capacity / 2) return;
        lock (_turn)
        {
            if (_count < capacity / 2) return;
            (_old, _young, _count) = (_young, new ConcurrentDictionary<Key, VerifiedToken>(), 0);
        }
    }

    /// <summary>The SHA-256 of a token's text. A copy in UTF-16 is hashed; nobody else needs to find it.</summary>
    internal readonly record struct Key(UInt128 First, UInt128 Second)
    {
        public static Key Of(ReadOnlySpan<char> text)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(MemoryMarshal.AsBytes(text), hash);
            var halves = MemoryMarshal.Cast<byte, UInt128>(hash);
            return new Key(halves[0], halves[1]);
        }
    }
}
