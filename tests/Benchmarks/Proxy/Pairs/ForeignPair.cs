using System.Net;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>Two servers of one kind, one behind the other.</summary>
internal abstract class ForeignPair : IPair
{
    private readonly Server _outbound;
    private readonly Server _inbound;

    protected ForeignPair(string name, IPEndPoint entry, Server outbound, Server inbound)
    {
        (Name, Entry, _outbound, _inbound) = (name, entry, outbound, inbound);
        _inbound.Start();
        _outbound.Start();
    }

    public string Name { get; }

    public IPEndPoint Entry { get; }

    public string Host => PairCertificates.ServerName;

    public IReadOnlyList<int> ProcessIds => [.. _outbound.ProcessIds, .. _inbound.ProcessIds];

    public Task EndOutboundAsync() => _outbound.EndAsync();

    public void StartOutbound() => _outbound.Start();

    public Task<long?> ReadAllocatedAsync() => Task.FromResult<long?>(null);

    public async ValueTask DisposeAsync()
    {
        await _outbound.DisposeAsync();
        await _inbound.DisposeAsync();
    }
}
