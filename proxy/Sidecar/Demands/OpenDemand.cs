namespace MeshOrleans.Proxy.Sidecar.Demands;

/// <summary>A host that is asked for. The book's own, under its lock.</summary>
internal sealed class OpenDemand(string host, int port)
{
    public string Host => host;

    public int Port => port;

    /// <summary>Completes when nobody need wait any longer.</summary>
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The stream that is open now has been told.</summary>
    public bool IsSent { get; set; }
}

/// <summary>What the sidecar has asked for since its start.</summary>
/// <param name="Asked">Names that were sent.</param>
/// <param name="Found">Hosts that came in time.</param>
/// <param name="InVain">Hosts that did not.</param>
internal sealed record DemandCounts(long Asked, long Found, long InVain);

/// <summary>The stream by which is asked.</summary>
internal interface IDemandLine
{
    /// <summary>Asks for names of the form <c>host:port</c>. Must be quick and must not throw.</summary>
    void Ask(IReadOnlyCollection<string> names);
}
