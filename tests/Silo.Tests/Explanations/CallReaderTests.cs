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
    [InlineData("""{"from": "ns/x", "serviceAccount": "a", "to": "b", "headers": {"a": null}}""", "headers.a")]
    [InlineData("""{"from": "ns/x", "serviceAccount": "a", "to": "b", "method": "CONNECT"}""", "method")]
    public void What_cannot_be_asked_is_refused(string body, string path)
    {
        var request = JsonSerializer.Deserialize<ExplainRequest>(body, ApiJson.Options)!;

        var (call, errors) = new CallReader(ExplainedMesh.With().Snapshot).Read(request);

        Assert.Null(call);
        Assert.Equal(path, Assert.Single(errors).Path);
    }
}
