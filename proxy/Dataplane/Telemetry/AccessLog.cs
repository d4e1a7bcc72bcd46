using System.Text.Json;
using System.Threading.Channels;

namespace MeshOrleans.Proxy.Dataplane.Telemetry;

/// <summary>
/// Writes one JSON line per request, behind the traffic's back. What does not fit the queue is dropped, counted.
/// </summary>
/// <remarks>The keys are Envoy's. JSON escapes what a caller puts into its headers, so no line can be forged.</remarks>
internal sealed class AccessLog : IAsyncDisposable
{
    private const int QueueLength = 8192;
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    private readonly Channel<AccessLogEntry> _queue;
    private readonly Stream _target;
    private readonly Task _writing;
    private long _dropped;

    private AccessLog(Stream target)
    {
        _target = target;
        var options =
            new BoundedChannelOptions(QueueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite };
        _queue = Channel.CreateBounded<AccessLogEntry>(options, _ => Interlocked.Increment(ref _dropped));
        _writing = WriteAsync();
    }

    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Opens what the options name; null when nothing is to be written.</summary>
    public static AccessLog? Open(string target) => target switch
    {
        "" => null,
        "-" => new AccessLog(Console.OpenStandardOutput()),
        _ => new AccessLog(new FileStream(target, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)),
    };

    public void Add(AccessLogEntry entry) => _queue.Writer.TryWrite(entry);

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _target.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        await Task.Yield();
        var writer = new Utf8JsonWriter(_target);
        await using var disposal = writer.ConfigureAwait(false);
        await foreach (var entry in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            writer.Reset();
            Write(writer, entry);
            await writer.FlushAsync().ConfigureAwait(false);
            await _target.WriteAsync(NewLine).ConfigureAwait(false);
            if (!_queue.Reader.TryPeek(out _)) await _target.FlushAsync().ConfigureAwait(false);
        }
    }

    private static void Write(Utf8JsonWriter json, AccessLogEntry entry)
    {
        json.WriteStartObject();
        json.WriteString("start_time", entry.StartTime.UtcDateTime);
        Text(json, "method", entry.Method);
        Text(json, "path", entry.Path);
        Text(json, "protocol", entry.Protocol);
        json.WriteNumber("response_code", entry.Code);
        json.WriteString("response_flags", entry.Flags.ToText());
        Text(json, "response_code_details", entry.Details);
        json.WriteNull("connection_termination_details");
        Text(json, "upstream_transport_failure_reason", entry.TransportFailure);
        json.WriteNumber("bytes_received", entry.BytesReceived ?? 0);
        json.WriteNumber("bytes_sent", entry.BytesSent ?? 0);
        json.WriteNumber("duration", (long)entry.Duration.TotalMilliseconds);
        json.WriteNull("upstream_service_time");
        Text(json, "x_forwarded_for", entry.ForwardedFor);
        Text(json, "user_agent", entry.UserAgent);
        Text(json, "request_id", entry.RequestId);
        Text(json, "authority", entry.Authority);
        Text(json, "upstream_host", entry.UpstreamHost);
        Text(json, "upstream_cluster", entry.UpstreamCluster);
        json.WriteNull("upstream_local_address");
        Text(json, "downstream_local_address", entry.Local?.ToString() ?? "");
        Text(json, "downstream_remote_address", entry.Remote?.ToString() ?? "");
        Text(json, "requested_server_name", entry.ServerName);
        Text(json, "route_name", entry.RouteName);
        json.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length == 0) json.WriteNull(name);
        else json.WriteString(name, value);
    }
}
