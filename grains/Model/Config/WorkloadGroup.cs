using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>What workloads that register by themselves have in common (networking.istio.io).</summary>
public sealed record WorkloadGroup : ConfigSpec
{
    /// <summary>Labels of the entries made from it.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = EmptyMap.Text;

    /// <summary>Annotations of the entries made from it.</summary>
    public ImmutableSortedDictionary<string, string> Annotations { get; init; } = EmptyMap.Text;

    /// <summary>What the entries are made from; null when the manifest gave none.</summary>
    public WorkloadEntry? Template { get; init; }

    /// <summary>How their health is found out; null means they are healthy.</summary>
    public WorkloadProbe? Probe { get; init; }
}

/// <summary>How a workload's health is found out. One of the four methods is given.</summary>
public sealed record WorkloadProbe
{
    /// <summary>Wait before the first probe.</summary>
    public int InitialDelaySeconds { get; init; }

    /// <summary>Bound of one probe; 0 means 1.</summary>
    public int TimeoutSeconds { get; init; }

    /// <summary>Time between probes; 0 means 10.</summary>
    public int PeriodSeconds { get; init; }

    /// <summary>Successes in a row that make it healthy; 0 means 1.</summary>
    public int SuccessThreshold { get; init; }

    /// <summary>Failures in a row that make it unhealthy; 0 means 3.</summary>
    public int FailureThreshold { get; init; }

    /// <summary>By HTTP request.</summary>
    public HttpProbe? HttpGet { get; init; }

    /// <summary>By connecting.</summary>
    public SocketProbe? TcpSocket { get; init; }

    /// <summary>By command; null when not given.</summary>
    public ExecProbe? Exec { get; init; }

    /// <summary>By gRPC health check.</summary>
    public GrpcProbe? Grpc { get; init; }
}

/// <summary>A probe by HTTP request.</summary>
/// <param name="Path">Path; empty means <c>/</c>.</param>
/// <param name="Port">Port.</param>
/// <param name="Host">Host; empty means the workload.</param>
/// <param name="Scheme">HTTP or HTTPS; empty means HTTP.</param>
/// <param name="HttpHeaders">Headers to send.</param>
public sealed record HttpProbe(
    string Path,
    int Port,
    string Host,
    string Scheme,
    ImmutableArray<KeyValuePair<string, string>> HttpHeaders);

/// <summary>A probe by connecting.</summary>
/// <param name="Host">Host; empty means the workload.</param>
/// <param name="Port">Port.</param>
public sealed record SocketProbe(string Host, int Port);

/// <summary>A probe by command.</summary>
/// <param name="Command">Program and arguments.</param>
public sealed record ExecProbe(ImmutableArray<string> Command);

/// <summary>A probe by gRPC health check.</summary>
/// <param name="Port">Port.</param>
/// <param name="Service">Name of the service to ask for; may be empty.</param>
public sealed record GrpcProbe(int Port, string Service);
