namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>What the control plane is told of the workload.</summary>
/// <param name="Problem">Null for healthy; <see cref="Drain"/> when it leaves; otherwise what is wrong.</param>
internal sealed record HealthReport(string? Problem)
{
    public const string Drain = "draining";

    public static HealthReport Healthy { get; } = new((string?)null);

    public static HealthReport Draining { get; } = new(Drain);
}
