using System.Buffers;
using System.Net.Http.Headers;
using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Hpack;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>Writes a request's line and headers as fields (RFC 9113 section 8.3.1).</summary>
internal static class RequestFields
{
    public static void Write(HttpRequestMessage request, HpackEncoder encoder, IBufferWriter<byte> output)
    {
        var uri = request.RequestUri!;
        encoder.Begin(output);
        encoder.Write(output, ":method", request.Method.Method);
        encoder.Write(output, ":scheme", uri.Scheme);
        encoder.Write(output, ":authority", request.Headers.Host ?? uri.Authority);
        encoder.Write(output, ":path", uri.PathAndQuery is { Length: > 0 } path ? path : "/");
        Write(request.Headers.NonValidated, encoder, output);
        if (request.Content is { } content) Write(content.Headers.NonValidated, encoder, output);
        else if (NeedsLength(request.Method)) encoder.Write(output, "content-length", "0");
    }

    private static void Write(HttpHeadersNonValidated headers, HpackEncoder encoder, IBufferWriter<byte> output)
    {
        foreach (var (name, values) in headers)
        {
            var lower = LowerCase.Of(name);
            if (lower == "host" || FieldRules.IsOfTheHop(lower)) continue;
            foreach (var value in values) encoder.Write(output, lower, value);
        }
    }

    private static bool NeedsLength(HttpMethod method) =>
        method != HttpMethod.Get && method != HttpMethod.Head && method != HttpMethod.Options
        && method != HttpMethod.Delete && method != HttpMethod.Connect && method != HttpMethod.Trace;
}
