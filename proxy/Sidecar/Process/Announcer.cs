using System.Buffers;
using System.Text;
using System.Text.Json;
using MeshOrleans.Proxy.Sidecar.Settings;

namespace MeshOrleans.Proxy.Sidecar.Process;

/// <summary>The ports that were really bound.</summary>
internal sealed record BoundPorts(
    int Outbound, IReadOnlyDictionary<int, int> Inbound, int Admin, int Status, int Metrics);

/// <summary>Tells scripts, by one line of JSON on standard output each, what they wait for.</summary>
internal sealed class Announcer(SidecarSettings settings, TextWriter output)
{
    private readonly Lock _gate = new();
    private bool _isReady;

    public void Listening(BoundPorts ports) => Write("listening", json =>
    {
        json.WriteString("nodeId", settings.NodeId);
        json.WriteString("address", settings.Address);
        json.WriteNumber("outbound", ports.Outbound);
        json.WriteStartObject("inbound");
        foreach (var (app, bound) in ports.Inbound.OrderBy(p => p.Key)) json.WriteNumber($"{app}", bound);
        json.WriteEndObject();
        json.WriteNumber("admin", ports.Admin);
        json.WriteNumber("status", ports.Status);
        json.WriteNumber("metrics", ports.Metrics);
    });

    /// <summary>Says it once.</summary>
    public void Ready(string source)
    {
        lock (_gate)
        {
            if (_isReady) return;
            _isReady = true;
        }

        Write("ready", json =>
        {
            json.WriteString("nodeId", settings.NodeId);
            json.WriteString("config", source);
        });
    }

    public void Stopped() => Write("stopped", json => json.WriteString("nodeId", settings.NodeId));

    private void Write(string name, Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("event", name);
            fields(json);
            json.WriteEndObject();
        }

        lock (_gate)
        {
            output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
            output.Flush();
        }
    }
}
