namespace MeshOrleans.Proxy.Dataplane.Outbound;

/// <summary>Whom the data plane asks for hosts that the model does not have.</summary>
public interface IHostDemand
{
    /// <summary>
    /// Completes when the model in force has the host, or is known not to get it in time. The request is routed anew
    /// then, by whatever model there is.
    /// </summary>
    /// <param name="host">The host as it is compared, without port.</param>
    /// <param name="port">The port that is called.</param>
    /// <param name="cancellationToken">The caller no longer waits.</param>
    Task WaitAsync(string host, int port, CancellationToken cancellationToken);
}
