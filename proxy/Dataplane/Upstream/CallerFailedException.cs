namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>
/// The caller's own body could not be read: neither the upstream's failure nor a reason to try again.
/// </summary>
internal sealed class CallerFailedException(int status, Exception inner)
    : IOException("The caller's request body could not be read.", inner)
{
    public int Status => status;
}
