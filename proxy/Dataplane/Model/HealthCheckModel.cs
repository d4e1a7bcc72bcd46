using System.Collections.Immutable;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>
/// How the endpoints of a cluster are asked whether they are well (<c>envoy.config.core.v3.HealthCheck</c>).
/// </summary>
public sealed record HealthCheckModel
{
    /// <summary>What is asked.</summary>
    public required HealthProbe Probe { get; init; }

    /// <summary>How long an answer may take; none by then is a failure.</summary>
    /// <value>1 s by default.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The pause from the end of a check to the next.</summary>
    /// <value>10 s by default.</value>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first check waits for a random part of this.</summary>
    public TimeSpan InitialJitter { get; init; }

    /// <summary>Every pause is longer by a random part of this.</summary>
    public TimeSpan IntervalJitter { get; init; }

    /// <summary>So many failures in a row take a healthy endpoint out; at least 1.</summary>
    /// <value>3 by default.</value>
    public int UnhealthyThreshold { get; init; } = 3;

    /// <summary>So many successes in a row take it back; at least 1.</summary>
    /// <value>1 by default.</value>
    public int HealthyThreshold { get; init; } = 1;
}

/// <summary>What an endpoint is asked; a closed set.</summary>
public abstract record HealthProbe
{
    private HealthProbe()
    {
    }

    /// <summary>GET, answered by an expected status.</summary>
    /// <param name="Path">Path and query.</param>
    /// <param name="Host">The host of the request; the endpoint's address when empty.</param>
    /// <param name="Expected">The statuses of an endpoint that is well.</param>
    /// <param name="Tolerated">
    /// Statuses that are failures like any other; one that is neither expected nor tolerated takes the endpoint out at
    /// once.
    /// </param>
    public sealed record Http(
        string Path, string Host, ImmutableArray<StatusSpan> Expected, ImmutableArray<StatusSpan> Tolerated)
        : HealthProbe
    {
        /// <summary>By content.</summary>
        public bool Equals(Http? other) =>
            other is not null
            && (Path, Host) == (other.Path, other.Host)
            && Expected.SequenceEqual(other.Expected)
            && Tolerated.SequenceEqual(other.Tolerated);

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Path, Host, Expected.Length, Tolerated.Length);
    }

    /// <summary>A connection that is made, with its handshake where the cluster has one.</summary>
    public sealed record Tcp : HealthProbe;

    /// <summary><c>grpc.health.v1.Health/Check</c>, answered by SERVING.</summary>
    /// <param name="Service">The service that is asked for; empty for the whole server.</param>
    /// <param name="Authority">The host of the call; the endpoint's address when empty.</param>
    public sealed record Grpc(string Service, string Authority) : HealthProbe;
}

/// <summary>Statuses in a row.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">The one after the last.</param>
public readonly record struct StatusSpan(int Start, int End)
{
    /// <summary>Whether a status is among them.</summary>
    public bool Contains(int status) => status >= Start && status < End;
}
