using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Tests.Raw;

/// <summary>How a stream ended: with a status, or by force.</summary>
/// <param name="Headers">The headers and trailers that came, together.</param>
/// <param name="ResetCode">The code of a RST_STREAM that came instead of a status.</param>
/// <param name="IsConnectionLost">The connection ended before the stream.</param>
internal sealed record StreamEnd(
    IReadOnlyDictionary<string, string> Headers, uint? ResetCode = null, bool IsConnectionLost = false)
{
    public string HttpStatus => Headers.GetValueOrDefault(":status", "");

    public string ContentType => Headers.GetValueOrDefault("content-type", "");

    /// <summary>The status; null when none came.</summary>
    public GrpcStatusCode? Code => Headers.TryGetValue("grpc-status", out var text)
        ? (GrpcStatusCode)int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
        : null;

    public string Message => GrpcMessageText.Decode(Headers.GetValueOrDefault("grpc-message", ""));

    /// <summary>The hint when to come back; empty when there is none.</summary>
    public string RetryPushback => Headers.GetValueOrDefault("grpc-retry-pushback-ms", "");

    public override string ToString() =>
        IsConnectionLost ? "The connection is lost."
        : ResetCode is { } code ? $"The stream was reset with {code}."
        : $"{Code}: {Message} {string.Join(", ", Headers)}";
}
