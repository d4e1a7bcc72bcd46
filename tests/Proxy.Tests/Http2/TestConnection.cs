using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Tests.Http2;

/// <summary>A connection whose bytes end when it is aborted, as Kestrel's do.</summary>
internal sealed class TestConnection(Stream stream) : DefaultConnectionContext("test")
{
    public override void Abort(ConnectionAbortedException abortReason) => stream.Dispose();
}
