using MeshOrleans.Proxy.Dataplane.Edge;

namespace MeshOrleans.Proxy.Sidecar.Edge;

/// <summary>What a gateway says of its listeners and credentials.</summary>
internal sealed class EdgeReport(CredentialStore credentials)
{
    private volatile EdgeListeners? _listeners;

    public CredentialStore Credentials => credentials;

    public IReadOnlyList<EdgeListenerStatus> Listeners => _listeners?.Status ?? [];

    public void Attach(EdgeListeners listeners) => _listeners = listeners;

    /// <summary>What is still to come before the gateway can take part; null when it can.</summary>
    public string? Missing() => _listeners is { HasCarriedOut: true } ? null : "listeners are not open yet";

    /// <summary>What does not work while the rest does, a sentence each.</summary>
    public IEnumerable<string> Remarks() =>
        Listeners.Where(listener => listener.Problem.Length > 0)
            .Select(listener => $"listener {listener.Name} is not open: {listener.Problem}")
            .Concat(credentials.Status.Where(status => status.Problem.Length > 0).Select(status => $"{status}"));
}
