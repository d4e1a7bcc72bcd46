namespace MeshOrleans.Multicluster.Federation;

/// <summary>
/// Another mesh could not be reached, or refused; the message says which and why, in words for the operator.
/// </summary>
public sealed class PeerException : Exception
{
    public PeerException(string message)
        : base(message)
    {
    }

    public PeerException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
