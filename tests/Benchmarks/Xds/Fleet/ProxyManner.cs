namespace MeshOrleans.Benchmarks.Xds.Fleet;

/// <summary>How a simulated proxy differs from the others.</summary>
/// <param name="IsSlow">It reads slowly, and is not waited for.</param>
/// <param name="IsEnvoy">It calls itself a stock Envoy.</param>
internal sealed record ProxyManner(bool IsSlow, bool IsEnvoy);
