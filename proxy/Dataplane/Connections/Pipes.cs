using System.IO.Pipelines;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>A connection's two directions, of which one is not the transport's own.</summary>
internal sealed class Pipes(PipeReader input, PipeWriter output) : IDuplexPipe
{
    public PipeReader Input => input;

    public PipeWriter Output => output;
}
