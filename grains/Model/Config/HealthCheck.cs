using System.Collections.Immutable;
using System.Globalization;

namespace MeshOrleans.Model.Config;

/// <summary>
/// How clients ask the members of a service whether they are well (mesh.orleans.io/v1). Each proxy asks by itself, the
/// way that its requests go, and sends nothing to a member that is not. Exactly one of <see cref="Http"/>,
/// <see cref="Tcp"/> and <see cref="Grpc"/> is given.
/// </summary>
public sealed record HealthCheck : ConfigSpec
{
    /// <summary>The service, as written; without wildcard.</summary>
    public string Host { get; init; } = "";

    /// <summary>The service port; null means all on which the check can be made.</summary>
    public int? Port { get; init; }

    /// <summary>The pause from the end of a check to the next; null means 10 s. From 100 ms to 1 h.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>How long an answer may take; null means 1 s, or the interval where that is shorter.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>So many failures in a row take a member out; null means 3. From 1 to 100.</summary>
    public int? UnhealthyThreshold { get; init; }

    /// <summary>So many successes in a row take it back; null means 1. From 1 to 100.</summary>
    public int? HealthyThreshold { get; init; }

    /// <summary>A GET request.</summary>
    public HttpHealthCheck? Http { get; init; }

    /// <summary>A connection that is made.</summary>
    public TcpHealthCheck? Tcp { get; init; }

    /// <summary>A call of <c>grpc.health.v1.Health/Check</c>.</summary>
    public GrpcHealthCheck? Grpc { get; init; }
}

/// <summary>A GET request.</summary>
/// <param name="Path">Path and query; empty means <c>/</c>.</param>
/// <param name="Host">The host of the request; empty means the service's.</param>
/// <param name="ExpectedStatuses">The answers of a member that is well; none means 200.</param>
public sealed record HttpHealthCheck(string Path, string Host, ImmutableArray<StatusRange> ExpectedStatuses);

/// <summary>A connection that is made, with its handshake where the service has one.</summary>
public sealed record TcpHealthCheck;

/// <summary>A call of <c>grpc.health.v1.Health/Check</c>.</summary>
/// <param name="Service">The gRPC service that is asked for; empty means the whole server.</param>
public sealed record GrpcHealthCheck(string Service);

/// <summary>Statuses from one to another, both included.</summary>
/// <param name="First">At least 100.</param>
/// <param name="Last">At most 599.</param>
public sealed record StatusRange(int First, int Last)
{
    private const int Lowest = 100;
    private const int Highest = 599;

    /// <summary>Reads <c>204</c> or <c>200-299</c>; null for anything else.</summary>
    public static StatusRange? TryParse(string text)
    {
        var dash = text.IndexOf('-');
        if (!TryRead(dash < 0 ? text : text.AsSpan(0, dash), out var first)) return null;
        if (dash < 0) return new StatusRange(first, first);
        return TryRead(text.AsSpan(dash + 1), out var last) && first <= last ? new StatusRange(first, last) : null;
    }

    private static bool TryRead(ReadOnlySpan<char> text, out int status) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out status)
        && status is >= Lowest and <= Highest;
}
