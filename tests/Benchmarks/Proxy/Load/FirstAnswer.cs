using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Benchmarks.Proxy.Load;

/// <summary>Asks until the first right answer comes.</summary>
internal static class FirstAnswer
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _patienceForOne = TimeSpan.FromSeconds(5);

    /// <summary>Waits until there is one; asks every millisecond.</summary>
    /// <param name="entry">Where the pair listens, or will listen.</param>
    /// <param name="host">The <c>Host</c> header.</param>
    /// <param name="since">From when to count, as <see cref="Stopwatch"/> tells it.</param>
    /// <param name="isHttp2">Whether to speak HTTP/2.</param>
    /// <exception cref="TimeoutException">None came within a minute.</exception>
    public static async Task<TimeSpan> AwaitAsync(IPEndPoint entry, string host, long since, bool isHttp2)
    {
        using var client = new HttpClient { Timeout = _patienceForOne };
        for (; Stopwatch.GetElapsedTime(since) < _patience; await Task.Delay(1))
        {
            try
            {
                if (isHttp2 ? await AskAsync(client, entry, host) : Ask(entry, host))
                {
                    return Stopwatch.GetElapsedTime(since);
                }
            }
            catch (Exception exception) when (
                exception is SocketException or HttpRequestException or TaskCanceledException)
            {
                // not yet
            }
        }

        throw new TimeoutException($"No right answer came through {entry} within {_patience.TotalSeconds:F0} s.");
    }

    private static bool Ask(IPEndPoint entry, string host)
    {
        using var caller = new Caller(entry, host, _patienceForOne);
        return caller.Call();
    }

    private static async Task<bool> AskAsync(HttpClient client, IPEndPoint entry, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{entry}/"))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = host;
        using var response = await client.SendAsync(request);
        return response.IsSuccessStatusCode;
    }
}
