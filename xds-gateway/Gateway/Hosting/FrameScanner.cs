using System.Buffers;
using MeshOrleans.Xds.Gateway.Admission;

namespace MeshOrleans.Xds.Gateway.Hosting;

/// <summary>
/// Walks the frame headers of what one HTTP/2 client sends and holds frames that ask for little or nothing against a
/// budget. It keeps no bytes, never throws, and takes no interest in a connection that does not begin as HTTP/2 does.
/// </summary>
/// <remarks>Source: RFC 9113, sections 3.4, 4.1 and 10.5.</remarks>
internal sealed class FrameScanner(TokenBucket budget)
{
    private const int HeaderLength = 9;
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte WindowUpdate = 8;

    /// <summary>The least that a request of a discovery client has, in bytes: the name of its type is longer.</summary>
    private const int LeastContent = 32;
    private const byte EndStream = 1;
    private const byte Padded = 8;

    /// <summary>Who takes much data gives windows back as often: two updates for a frame of data are well-behaved.</summary>
    private const double WindowUpdateCost = 0.1;

    /// <summary>Some clients send the five bytes before a message as a frame of their own, and that is well.</summary>
    private const double CrumbCost = 0.1;

    /// <summary>A stream is work, and one connection may carry those of many proxies.</summary>
    private const double HeadersCost = 0.1;

    private int _prefaceRead;
    private bool _isOther;
    private int _headerRead;
    private int _length;
    private byte _type;
    private byte _flags;
    private int _payloadLeft;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Looks at what has been read.</summary>
    /// <returns>The type of the frame that exceeded the budget; -1 when none did.</returns>
    public int Scan(in ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            if (_isOther) return -1;
            if (Scan(segment.Span) is var type and >= 0) return type;
        }

        return -1;
    }

    private int Scan(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _prefaceRead < Preface.Length)
        {
            if (bytes[0] != Preface[_prefaceRead++])
            {
                _isOther = true;
                return -1;
            }

            bytes = bytes[1..];
        }

        while (!bytes.IsEmpty)
        {
            if (_payloadLeft > 0)
            {
                var skipped = Math.Min(_payloadLeft, bytes.Length);
                _payloadLeft -= skipped;
                bytes = bytes[skipped..];
                continue;
            }

            Take(bytes[0]);
            bytes = bytes[1..];
            if (_headerRead < HeaderLength) continue;
            (_headerRead, _payloadLeft) = (0, _length);
            if (Cost() is var cost and > 0 && !budget.TryTake(cost)) return _type;
        }

        return -1;
    }

    private void Take(byte next)
    {
        switch (_headerRead++)
        {
            case 0:
                _length = next;
                break;
            case 1 or 2:
                _length = (_length << 8) | next;
                break;
            case 3:
                _type = next;
                break;
            case 4:
                _flags = next;
                break;
        }
    }

    /// <summary>
    /// Requests in frames of their size have limits of their own; everything else has to be answered or looked at. The
    /// last frame of a stream is free, as its first was not.
    /// </summary>
    private double Cost() => _type switch
    {
        Data when (_flags & EndStream) != 0 => 0,
        Data when _length == 0 => 1,
        Data => _length < LeastContent || (_flags & Padded) != 0 ? CrumbCost : 0,
        Headers => HeadersCost,
        WindowUpdate => WindowUpdateCost,
        _ => 1,
    };
}
