using System.Net;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>Two proxies between a client and the backend; or nothing at all.</summary>
internal interface IPair : IAsyncDisposable
{
    /// <summary>Its name in flags and tables.</summary>
    string Name { get; }

    /// <summary>Where the client connects to.</summary>
    IPEndPoint Entry { get; }

    /// <summary>What the client writes as <c>Host</c>.</summary>
    string Host { get; }

    /// <summary>The processes of both proxies, their children included; empty for none.</summary>
    IReadOnlyList<int> ProcessIds { get; }

    /// <summary>Ends the outbound proxy.</summary>
    Task EndOutboundAsync();

    /// <summary>Starts the outbound proxy where it was; does not wait for it.</summary>
    void StartOutbound();

    /// <summary>Bytes that both proxies have allocated since their start; null when nobody counts them.</summary>
    Task<long?> ReadAllocatedAsync();
}
