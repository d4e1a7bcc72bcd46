using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace MeshOrleans.Proxy.Dataplane.Telemetry;

/// <summary>What became of asking an authorizer.</summary>
internal enum AuthorizerOutcome
{
    /// <summary>It has allowed the request.</summary>
    Allowed,

    /// <summary>It has denied it.</summary>
    Denied,

    /// <summary>It gave no usable answer, and the request was refused.</summary>
    Failed,

    /// <summary>It gave none, and the request passed all the same.</summary>
    FailedOpen,
}

/// <summary>What external authorizers have answered, by provider.</summary>
internal sealed class AuthorizerMetrics
{
    private static readonly string[] Names = ["allowed", "denied", "failed", "failed_open"];

    private readonly ConcurrentDictionary<string, Counters> _providers = new(StringComparer.Ordinal);

    public void Count(string provider, AuthorizerOutcome outcome) =>
        Interlocked.Increment(ref _providers.GetOrAdd(provider, static _ => new Counters()).Values[(int)outcome]);

    /// <summary>Writes everything in Prometheus' text format.</summary>
    public void Write(StringBuilder text)
    {
        text.Append("# TYPE mesh_ext_authz_total counter\n");
        foreach (var (provider, counters) in _providers.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            for (var i = 0; i < Names.Length; i++)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"mesh_ext_authz_total{{provider=\"{Escaped(provider)}\",outcome=\"{Names[i]}\"}} {counters.Values[i]}\n");
            }
        }
    }

    private static string Escaped(string provider) =>
        provider.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed class Counters
    {
        public long[] Values { get; } = new long[Names.Length];
    }
}
