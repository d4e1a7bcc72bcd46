using System.Net;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>No proxy: what the client and the backend cost by themselves.</summary>
internal sealed class DirectPair(Backend backend) : IPair
{
    public string Name => "direct";

    public IPEndPoint Entry => backend.Address;

    public string Host => PairCertificates.ServerName;

    public IReadOnlyList<int> ProcessIds => [];

    public Task EndOutboundAsync() => Task.CompletedTask;

    public void StartOutbound()
    {
    }

    public Task<long?> ReadAllocatedAsync() => Task.FromResult<long?>(null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
