using System.Net;
using MeshOrleans.Proxy.Dataplane.Grpc;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>Writes <c>envoy.service.auth.v3.CheckRequest</c> for one request, framed as gRPC has it.</summary>
/// <remarks>Field numbers: envoy.service.auth.v3.AttributeContext. Every header is shown with every value.</remarks>
internal static class CheckRequestWriter
{
    private const long NanosecondsPerTick = 100;

    public static byte[] Write(
        RequestExchange exchange, ShownBody? body, bool asBytes, TlsIdentity? identity, DateTimeOffset now)
    {
        var connection = exchange.Context.Connection;
        var attributes = new WireWriter();
        attributes.Message(1, Peer(connection.RemoteIpAddress, connection.RemotePort, exchange.Caller.PeerId));
        attributes.Message(
            2, Peer(connection.LocalIpAddress, exchange.DestinationPort, identity?.Id.ToString() ?? ""));
        attributes.Message(4, Request(exchange, body, asBytes, now));
        var request = new WireWriter();
        request.Message(1, attributes);
        return GrpcFrame.Of(request);
    }

    private static WireWriter Peer(IPAddress? address, int port, string principal)
    {
        var peer = new WireWriter();
        if (address is not null)
        {
            var (socket, place) = (new WireWriter(), new WireWriter());
            socket.Text(2, (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString());
            socket.Number(3, port);
            place.Message(1, socket);
            peer.Message(1, place);
        }

        peer.Text(4, principal);
        return peer;
    }

    private static WireWriter Request(RequestExchange exchange, ShownBody? body, bool asBytes, DateTimeOffset now)
    {
        var (request, time) = (new WireWriter(), new WireWriter());
        time.Number(1, now.ToUnixTimeSeconds());
        time.Number(2, now.Ticks % TimeSpan.TicksPerSecond * NanosecondsPerTick);
        request.Message(1, time);
        request.Message(2, Http(exchange, body, asBytes));
        return request;
    }

    private static WireWriter Http(RequestExchange exchange, ShownBody? body, bool asBytes)
    {
        var request = exchange.Context.Request;
        var http = new WireWriter();
        http.Text(1, request.Headers["x-request-id"].ToString());
        http.Text(2, request.Method);
        Header(http, ":method", request.Method);
        Header(http, ":path", exchange.Target.Text);
        Header(http, ":authority", exchange.Host);
        Header(http, ":scheme", exchange.Scheme);
        foreach (var (name, values) in request.Headers)
        {
            if (name.Length == 0 || name[0] == ':' || ConnectionHeaders.IsHopByHop(name)) continue;
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) continue; // it is the authority
            Header(http, name.ToLowerInvariant(), Joined(name, values));
        }

        if (body is { } part) Header(http, "x-envoy-auth-partial-body", part.IsPartial ? "true" : "false");
        http.Text(4, exchange.Target.Text);
        http.Text(5, exchange.Host);
        http.Text(6, exchange.Scheme);
        http.Number(9, request.ContentLength ?? -1);
        http.Text(10, request.Protocol == HttpProtocol.Http2 ? "HTTP/2" : "HTTP/1.1");
        if (body is not { } shown) return http;
        if (asBytes) http.Bytes(12, shown.Bytes.Span);
        else http.Text(11, shown.Bytes.Span);
        return http;
    }

    // The crumbs of a cookie are one cookie, whatever the connection made of it (RFC 9113 section 8.2.3).
    private static string Joined(string name, StringValues values) => values.Count == 1
        ? values.ToString()
        : string.Join(name.Equals("cookie", StringComparison.OrdinalIgnoreCase) ? "; " : ",", values.ToArray());

    private static void Header(WireWriter http, string name, string value)
    {
        var entry = new WireWriter();
        entry.Text(1, name);
        entry.Text(2, value);
        http.Message(3, entry);
    }
}
