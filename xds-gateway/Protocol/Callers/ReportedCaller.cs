namespace MeshOrleans.Xds.Protocol.Callers;

/// <summary>What a workload port demanded of its callers.</summary>
public enum PortDemand
{
    /// <summary>Mesh mTLS: the caller was refused.</summary>
    Strict,

    /// <summary>Nothing; mesh mTLS was taken too.</summary>
    Permissive,

    /// <summary>Plaintext: even a caller that could have used mesh mTLS did not.</summary>
    Disable,
}

/// <summary>Who has connected to a workload port without mesh mTLS.</summary>
/// <param name="Port">The workload port.</param>
/// <param name="Address">The caller's literal IP address, as it is usually written.</param>
/// <param name="Demand">What the port demanded when the caller last came.</param>
/// <param name="IsTls">The last connection was TLS, but not the mesh's.</param>
/// <param name="Connections">How many connections the sidecar has seen since it began to watch. 1 or more.</param>
/// <param name="Open">How many of them are open now.</param>
/// <param name="FirstSeen">How long ago it first came.</param>
/// <param name="LastSeen">How long ago it last came, or its last open connection ended; zero while one is open.</param>
public sealed record ReportedCaller(
    int Port,
    string Address,
    PortDemand Demand,
    bool IsTls,
    long Connections,
    int Open,
    TimeSpan FirstSeen,
    TimeSpan LastSeen);
