using System.Diagnostics;
using System.Net.Http.Headers;
using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>
/// Continues the caller's trace with a span of this hop, in whichever of the formats it came, or starts one.
/// </summary>
/// <remarks>Sources: W3C Trace Context; openzipkin/b3-propagation. Spans are not exported yet.</remarks>
internal static class TraceHeaders
{
    private const string RequestId = "x-request-id";
    private const string TraceParent = "traceparent";
    private const string B3 = "b3";
    private const string TraceId = "x-b3-traceid";
    private const string SpanId = "x-b3-spanid";
    private const string ParentSpanId = "x-b3-parentspanid";
    private const string Sampled = "x-b3-sampled";
    private const int TraceParentLength = 55;

    public static void Apply(IHeaderDictionary headers, Fraction sampling, IRandomSource random)
    {
        if (headers[RequestId].Count == 0) headers[RequestId] = Guid.NewGuid().ToString();
        var found = ContinueW3C(headers) | ContinueB3(headers) | ContinueB3Single(headers);
        if (!found) Start(headers, sampling.Hits(random));
    }

    /// <summary>Says of a request that nobody is to sample it; what trace it belongs to stays.</summary>
    public static void SampleOut(HttpRequestHeaders headers)
    {
        if (headers.NonValidated.TryGetValues(TraceParent, out var parents)
            && parents.ToString() is { Length: TraceParentLength } value)
        {
            Replace(headers, TraceParent, $"{value.AsSpan(0, 53)}00");
        }

        if (headers.NonValidated.Contains(TraceId)) Replace(headers, Sampled, "0");
        if (!headers.NonValidated.TryGetValues(B3, out var single)) return;
        var parts = single.ToString().Split('-', 4);
        Replace(headers, B3, parts.Length < 2 ? "0" : $"{parts[0]}-{parts[1]}-0");
    }

    private static void Replace(HttpRequestHeaders headers, string name, string value)
    {
        headers.Remove(name);
        headers.TryAddWithoutValidation(name, value);
    }

    private static void Start(IHeaderDictionary headers, bool sampled)
    {
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        var span = NewSpan();
        headers[TraceParent] = $"00-{trace}-{span}-0{(sampled ? '1' : '0')}";
        headers[TraceId] = trace;
        headers[SpanId] = span;
        headers[Sampled] = sampled ? "1" : "0";
    }

    private static bool ContinueW3C(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(TraceParent, out var values)) return false;
        var value = values.ToString();
        if (values.Count != 1 || !IsTraceParent(value))
        {
            headers.Remove(TraceParent); // a broken one restarts the trace
            return false;
        }

        headers[TraceParent] = $"{value.AsSpan(0, 36)}{NewSpan()}{value.AsSpan(52)}";
        return true;
    }

    private static bool ContinueB3(IHeaderDictionary headers)
    {
        var trace = headers[TraceId].ToString();
        if (trace.Length is not (16 or 32) || !IsHex(trace)) return false;
        var parent = headers[SpanId].ToString();
        if (parent.Length == 16 && IsHex(parent)) headers[ParentSpanId] = parent;
        headers[SpanId] = NewSpan();
        return true;
    }

    private static bool ContinueB3Single(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(B3, out var values)) return false;
        var parts = values.ToString().Split('-', 5);
        if (parts.Length < 2 || parts[0].Length is not (16 or 32) || parts[1].Length != 16)
        {
            return parts is ["0" or "1" or "d"];
        }

        if (!IsHex(parts[0]) || !IsHex(parts[1])) return false;
        var decision = parts.Length > 2 ? parts[2] : "";
        headers[B3] = decision is "0" or "1" or "d"
            ? $"{parts[0]}-{NewSpan()}-{decision}-{parts[1]}"
            : $"{parts[0]}-{NewSpan()}";
        return true;
    }

    private static bool IsTraceParent(string value) =>
        value.Length >= TraceParentLength
        && value[2] == '-' && value[35] == '-' && value[52] == '-'
        && IsHex(value.AsSpan(0, 2))
        && IsHex(value.AsSpan(3, 32))
        && IsHex(value.AsSpan(36, 16))
        && IsHex(value.AsSpan(53, 2))
        && !value.StartsWith("ff", StringComparison.Ordinal)
        && value.AsSpan(3, 32).ContainsAnyExcept('0')
        && value.AsSpan(36, 16).ContainsAnyExcept('0');

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c)) return false;
        }

        return true;
    }

    private static string NewSpan() => ActivitySpanId.CreateRandom().ToHexString();
}
