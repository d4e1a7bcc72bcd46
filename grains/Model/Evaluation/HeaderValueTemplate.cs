using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>What a placeholder in a header value stands for.</summary>
public enum HeaderPlaceholder
{
    /// <summary>Plain text.</summary>
    Literal,

    /// <summary>A request header: <c>%REQ(name)%</c>, or another when it is absent: <c>%REQ(a?b)%</c>.</summary>
    RequestHeader,

    /// <summary>A response header: <c>%RESP(name)%</c>.</summary>
    ResponseHeader,

    /// <summary>The caller's address and port.</summary>
    DownstreamRemoteAddress,

    /// <summary>The caller's address.</summary>
    DownstreamRemoteAddressWithoutPort,

    /// <summary>The address and port that were called.</summary>
    DownstreamLocalAddress,

    /// <summary>The caller's SPIFFE ID.</summary>
    DownstreamPeerUriSan,

    /// <summary>The server name of the caller's TLS handshake.</summary>
    RequestedServerName,

    /// <summary>The protocol, e.g. <c>HTTP/2</c>.</summary>
    Protocol,

    /// <summary>The cluster that was chosen.</summary>
    UpstreamCluster,
}

/// <summary>One part of a header value.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The literal text, or the name of the header.</param>
/// <param name="Alternative">The header to read when the first is absent; empty when there is none.</param>
public readonly record struct HeaderValuePart(HeaderPlaceholder Kind, string Text, string Alternative = "");

/// <summary>A header value with its placeholders found beforehand.</summary>
public sealed record HeaderValueTemplate
{
    private HeaderValueTemplate(ImmutableArray<HeaderValuePart> parts) => Parts = parts;

    /// <summary>The parts in order.</summary>
    public ImmutableArray<HeaderValuePart> Parts { get; }

    /// <summary>The value when it has no placeholder; otherwise null.</summary>
    public string? Constant => Parts switch
    {
        [] => "",
        [{ Kind: HeaderPlaceholder.Literal } only] => only.Text,
        _ => null,
    };

    /// <summary>Reads a value in Envoy's format; <c>%%</c> is a percent sign.</summary>
    /// <exception cref="FormatException">A placeholder is unknown or not closed.</exception>
    public static HeaderValueTemplate Parse(string text)
    {
        var parts = ImmutableArray.CreateBuilder<HeaderValuePart>();
        var literal = new System.Text.StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                literal.Append(text[i]);
                continue;
            }

            var end = text.IndexOf('%', i + 1);
            if (end < 0) throw new FormatException($"'{text}' has a percent sign that nothing closes.");
            if (end == i + 1)
            {
                literal.Append('%');
            }
            else
            {
                if (literal.Length > 0) parts.Add(new(HeaderPlaceholder.Literal, literal.ToString()));
                literal.Clear();
                parts.Add(Placeholder(text[(i + 1)..end]));
            }

            i = end;
        }

        if (literal.Length > 0) parts.Add(new(HeaderPlaceholder.Literal, literal.ToString()));
        return new HeaderValueTemplate(parts.ToImmutable());
    }

    private static HeaderValuePart Placeholder(string text) => text switch
    {
        "DOWNSTREAM_REMOTE_ADDRESS" => new(HeaderPlaceholder.DownstreamRemoteAddress, ""),
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" or "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" =>
            new(HeaderPlaceholder.DownstreamRemoteAddressWithoutPort, ""),
        "DOWNSTREAM_LOCAL_ADDRESS" => new(HeaderPlaceholder.DownstreamLocalAddress, ""),
        "DOWNSTREAM_PEER_URI_SAN" => new(HeaderPlaceholder.DownstreamPeerUriSan, ""),
        "REQUESTED_SERVER_NAME" => new(HeaderPlaceholder.RequestedServerName, ""),
        "PROTOCOL" => new(HeaderPlaceholder.Protocol, ""),
        "UPSTREAM_CLUSTER" => new(HeaderPlaceholder.UpstreamCluster, ""),
        _ when text.StartsWith("REQ(", StringComparison.Ordinal) && text.EndsWith(')') =>
            Header(HeaderPlaceholder.RequestHeader, text[4..^1]),
        _ when text.StartsWith("RESP(", StringComparison.Ordinal) && text.EndsWith(')') =>
            Header(HeaderPlaceholder.ResponseHeader, text[5..^1]),
        _ => throw new FormatException($"'%{text}%' is not a known placeholder."),
    };

    private static HeaderValuePart Header(HeaderPlaceholder kind, string argument)
    {
        var names = argument.Split('?', 2);
        return new HeaderValuePart(kind, names[0], names.Length == 2 ? names[1] : "");
    }
}
