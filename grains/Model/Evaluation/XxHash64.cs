using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace MeshOrleans.Model.Evaluation;

/// <summary>
/// A fast hash without secrets: the same in every process and on every machine, so that all proxies of a mesh send one
/// key to one endpoint, stock Envoys among them.
/// </summary>
/// <remarks>Source: "XXH64 algorithm description" of the xxHash specification. Not for anything that must resist an
/// attacker who chooses the input.</remarks>
public static class XxHash64
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;
    private const int Stripe = 32;
    private const int MaxOnStack = 512;

    /// <summary>Hashes bytes.</summary>
    /// <param name="bytes">What to hash; may be empty.</param>
    /// <param name="seed">Another seed gives an independent hash.</param>
    public static ulong Hash(ReadOnlySpan<byte> bytes, ulong seed = 0)
    {
        var length = (ulong)bytes.Length;
        ulong hash;
        if (bytes.Length < Stripe) hash = seed + Prime5;
        else
        {
            var (a, b, c, d) = (seed + Prime1 + Prime2, seed + Prime2, seed, seed - Prime1);
            for (; bytes.Length >= Stripe; bytes = bytes[Stripe..])
            {
                a = Round(a, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
                b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
                c = Round(c, BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
                d = Round(d, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
            }

            hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7)
                + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
            hash = Merge(Merge(Merge(Merge(hash, a), b), c), d);
        }

        return Avalanche(Rest(hash + length, bytes));
    }

    /// <summary>Hashes the UTF-8 bytes of a text, without an allocation.</summary>
    /// <param name="text">What to hash; may be empty.</param>
    /// <param name="seed">Another seed gives an independent hash.</param>
    public static ulong Hash(ReadOnlySpan<char> text, ulong seed = 0)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most <= MaxOnStack)
        {
            Span<byte> small = stackalloc byte[MaxOnStack];
            return Hash(small[..Encoding.UTF8.GetBytes(text, small)], seed);
        }

        var rented = ArrayPool<byte>.Shared.Rent(most);
        var hash = Hash(rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)), seed);
        ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    private static ulong Rest(ulong hash, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            hash ^= Round(0, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            hash = BitOperations.RotateLeft(hash, 27) * Prime1 + Prime4;
        }

        if (bytes.Length >= 4)
        {
            hash ^= BinaryPrimitives.ReadUInt32LittleEndian(bytes) * Prime1;
            hash = BitOperations.RotateLeft(hash, 23) * Prime2 + Prime3;
            bytes = bytes[4..];
        }

        foreach (var one in bytes) hash = BitOperations.RotateLeft(hash ^ (one * Prime5), 11) * Prime1;
        return hash;
    }

    private static ulong Avalanche(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * Prime2;
        hash = (hash ^ (hash >> 29)) * Prime3;
        return hash ^ (hash >> 32);
    }

    private static ulong Round(ulong sum, ulong input) => BitOperations.RotateLeft(sum + input * Prime2, 31) * Prime1;

    private static ulong Merge(ulong hash, ulong sum) => (hash ^ Round(0, sum)) * Prime1 + Prime4;
}
