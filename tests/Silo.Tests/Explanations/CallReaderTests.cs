using System.Text.Json;
using MeshOrleans.Silo.Api;
using MeshOrleans.Silo.Explanations;

namespace MeshOrleans.Silo.Tests.Explanations;

/// <summary>Questions that cannot be answered are refused with their place.</summary>
public sealed class CallReaderTests
{
    [Theory]
    [InlineData("""{"from": "a b/x", "labels": {}, "to": "b"}""", "from")]
    [InlineData("""{"from": "ns/x", "serviceAccount": "a b", "to": "b"}""", "serviceAccount")]
    [InlineData("""{"from": "ns/x", "serviceAccount": "..", "to": "b"}""", "serviceAccount")]
    [InlineData("""{"from": "ns/x", "serviceAccount": "a", "to": "b", "headers": {"a": []}}""", "headers.a")]
    [InlineData("""{"from": "ns/x", "serviceAccount": "a", "to": "b", "method": "CONNECT"}""", "method")]
    [InlineData("""{"from": "app/a-1", "to": "b", "protocol": "Tcp"}""", "to")]
    [InlineData("""{"from": "app/a-1", "to": "b", "protocol": "Https"}""", "protocol")]
    [InlineData("""{"from": "app/a-1", "to": "b", "serverName": "b"}""", "serverName")]
    [InlineData("""{"from": "app/a-1", "to": "b:1", "protocol": "Tls", "serverName": "b c"}""", "serverName")]
    [InlineData("""{"from": "app/a-1", "to": "b", "clientAddress": "10.0.0.1"}""", "clientAddress")]
    [InlineData("""{"gateway": "app/a-1", "to": "b"}""", "gateway")]
    [InlineData("""{"gateway": "app/nobody", "to": "b"}""", "gateway")]
    [InlineData("""{"gateway": "app/bare-1", "from": "app/a-1", "to": "b"}""", "from")]
    [InlineData("""{"gateway": "app/bare-1", "to": "app/b"}""", "to")]
    [InlineData("""{"gateway": "app/bare-1", "to": "b", "clientAddress": "x"}""", "clientAddress")]
    [InlineData("""{"gateway": "app/bare-1", "to": "b", "plaintext": true}""", "plaintext")]
    public void What_cannot_be_asked_is_refused(string body, string path)
    {
        var request = JsonSerializer.Deserialize<ExplainRequest>(body, ApiJson.Options)!;

        var (call, errors) = new CallReader(ExplainedMesh.With().Snapshot).Read(request);

        Assert.Null(call);
        Assert.Equal(path, Assert.Single(errors).Path);
    }
}
