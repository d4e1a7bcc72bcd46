using System.Collections.Concurrent;
using System.Net;

namespace MeshOrleans.Samples.Harness;

/// <summary>Steady traffic in the background; whatever does not answer 200 is remembered.</summary>
public sealed class Load : IAsyncDisposable
{
    private const int KeptFailures = 20;
    private readonly CancellationTokenSource _stop = new();
    private readonly DateTime _start = DateTime.UtcNow;
    private readonly Task _loop;
    private int _sent;
    private int _failed;

    /// <summary>Starts sending.</summary>
    /// <param name="client">The caller.</param>
    /// <param name="url">What it calls.</param>
    /// <param name="perSecond">How often, 1 to 1000.</param>
    public Load(HttpClient client, string url, int perSecond) => _loop = RunAsync(client, url, perSecond);

    /// <summary>Requests that were answered or failed so far.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Those that were not answered with 200.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>What the first failures were, and when.</summary>
    public ConcurrentQueue<string> Failures { get; } = new();

    /// <summary>Waits until so many more requests were answered or failed.</summary>
    public async Task MoreAsync(int count, int seconds = 60)
    {
        var goal = Sent + count;
        for (var end = DateTime.UtcNow.AddSeconds(seconds); Sent < goal; await Task.Delay(20))
        {
            if (DateTime.UtcNow > end)
            {
                throw new TimeoutException($"Only {Sent} of {goal} requests were sent within {seconds} s.");
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(HttpClient client, string url, int perSecond)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        var open = new List<Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                open.Add(SendAsync(client, url));
                open.RemoveAll(t => t.IsCompleted);
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task SendAsync(HttpClient client, string url)
    {
        try
        {
            using var response = await client.GetAsync(url, CancellationToken.None);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                Note($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(CancellationToken.None)}");
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            Note(exception.ToString());
        }

        Interlocked.Increment(ref _sent);
    }

    private void Note(string failure)
    {
        Interlocked.Increment(ref _failed);
        var now = DateTime.UtcNow;
        if (Failures.Count < KeptFailures)
        {
            Failures.Enqueue($"{now:HH:mm:ss.fff} ({(now - _start).TotalSeconds:F1} s after the first) {failure}");
        }
    }
}
