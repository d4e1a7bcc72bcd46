using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>What the first bytes of a connection are.</summary>
internal enum FirstBytes
{
    /// <summary>Too few bytes to tell.</summary>
    Incomplete,

    /// <summary>Not TLS.</summary>
    Plaintext,

    /// <summary>A TLS ClientHello.</summary>
    Tls,

    /// <summary>Begins like TLS, but is none that can be read.</summary>
    Malformed,
}

/// <summary>The part of a ClientHello by which a connection is sorted.</summary>
/// <remarks>
/// Reads untrusted bytes: bounded, never throws, consumes nothing. Source: RFC 8446 section 4.1.2 and 5.1,
/// RFC 6066 section 3, RFC 7301 section 3.1.
/// </remarks>
internal sealed class ClientHello
{
    /// <summary>The longest hello that is looked at, record headers included.</summary>
    public const int MaxLength = 16 * 1024;

    private const int RecordHeader = 5;
    private const int HandshakeHeader = 4;
    private const int ServerNameExtension = 0;
    private const int AlpnExtension = 16;

    private ClientHello()
    {
    }

    /// <summary>The server name in lower case; empty when none was sent.</summary>
    public string ServerName { get; private set; } = "";

    /// <summary>The offered protocols, in the client's order.</summary>
    public List<SslApplicationProtocol> Protocols { get; } = [];

    /// <summary>True when the client is a sidecar.</summary>
    public bool OffersMesh { get; private set; }

    /// <summary>Looks at what has arrived so far.</summary>
    public static FirstBytes Read(in ReadOnlySequence<byte> arrived, out ClientHello? hello)
    {
        hello = null;
        if (arrived.IsEmpty) return FirstBytes.Incomplete;
        if (arrived.FirstSpan.Length > 0 && arrived.FirstSpan[0] != 0x16) return FirstBytes.Plaintext;
        var length = (int)Math.Min(arrived.Length, MaxLength);
        var rented = ArrayPool<byte>.Shared.Rent(length * 2);
        try
        {
            var bytes = rented.AsSpan(0, length);
            arrived.Slice(0, length).CopyTo(bytes);
            var handshake = rented.AsSpan(length, length);
            var outcome = Join(bytes, ref handshake);
            if (outcome is FirstBytes.Incomplete && arrived.Length >= MaxLength) return FirstBytes.Malformed;
            if (outcome is not FirstBytes.Tls) return outcome;
            var read = new ClientHello();
            if (!read.ReadBody(handshake[HandshakeHeader..])) return FirstBytes.Malformed;
            hello = read;
            return FirstBytes.Tls;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    // Takes the record headers out until the whole handshake message is together.
    private static FirstBytes Join(ReadOnlySpan<byte> bytes, ref Span<byte> handshake)
    {
        var joined = 0;
        while (true)
        {
            if (bytes.Length > 0 && bytes[0] != 0x16) return joined == 0 ? FirstBytes.Plaintext : FirstBytes.Malformed;
            if (bytes.Length > 1 && bytes[1] != 3) return joined == 0 ? FirstBytes.Plaintext : FirstBytes.Malformed;
            if (bytes.Length < RecordHeader) return FirstBytes.Incomplete;
            var record = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (record == 0) return FirstBytes.Malformed;
            var part = bytes[RecordHeader..Math.Min(bytes.Length, RecordHeader + record)];
            part.CopyTo(handshake[joined..]);
            joined += part.Length;
            if (joined > 0 && handshake[0] != 1) return FirstBytes.Malformed; // not a ClientHello
            if (joined >= HandshakeHeader)
            {
                var message = HandshakeHeader + ((handshake[1] << 16) | (handshake[2] << 8) | handshake[3]);
                if (message > MaxLength) return FirstBytes.Malformed;
                if (joined >= message)
                {
                    handshake = handshake[..message];
                    return FirstBytes.Tls;
                }
            }

            if (part.Length < record) return FirstBytes.Incomplete;
            bytes = bytes[(RecordHeader + record)..];
        }
    }

    private bool ReadBody(ReadOnlySpan<byte> body)
    {
        if (body.Length < 34) return false;
        body = body[34..]; // version and random
        if (!TakeVector(ref body, 1, out _)) return false; // session
        if (!TakeVector(ref body, 2, out _)) return false; // cipher suites
        if (!TakeVector(ref body, 1, out _)) return false; // compression
        if (body.IsEmpty) return true; // a client without extensions
        if (!TakeVector(ref body, 2, out var extensions)) return false;
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 2) return false;
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!TakeVector(ref extensions, 2, out var content)) return false;
            if (type == ServerNameExtension && !ReadServerName(content)) return false;
            if (type == AlpnExtension && !ReadProtocols(content)) return false;
        }

        return true;
    }

    private bool ReadServerName(ReadOnlySpan<byte> content)
    {
        if (!TakeVector(ref content, 2, out var names)) return false;
        while (!names.IsEmpty)
        {
            var type = names[0];
            names = names[1..];
            if (!TakeVector(ref names, 2, out var name)) return false;
            if (type != 0) continue;
            if (name.Length is 0 or > 255 || name.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E)) return false;
            ServerName = Encoding.ASCII.GetString(name).ToLowerInvariant();
            return true;
        }

        return true;
    }

    private bool ReadProtocols(ReadOnlySpan<byte> content)
    {
        if (!TakeVector(ref content, 2, out var list)) return false;
        while (!list.IsEmpty)
        {
            if (!TakeVector(ref list, 1, out var protocol) || protocol.IsEmpty) return false;
            OffersMesh |= MeshAlpn.IsMesh(protocol);
            if (Protocols.Count < 32) Protocols.Add(new SslApplicationProtocol(protocol.ToArray()));
        }

        return true;
    }

    private static bool TakeVector(ref ReadOnlySpan<byte> from, int lengthBytes, out ReadOnlySpan<byte> vector)
    {
        vector = default;
        if (from.Length < lengthBytes) return false;
        var length = lengthBytes == 1 ? from[0] : BinaryPrimitives.ReadUInt16BigEndian(from);
        if (from.Length < lengthBytes + length) return false;
        vector = from.Slice(lengthBytes, length);
        from = from[(lengthBytes + length)..];
        return true;
    }
}
