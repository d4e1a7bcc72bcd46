using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Cluster.Tests.Clients;

/// <summary>
/// Has members join at a steady pace, each with a key and certificate request of its own. One whose answer is lost asks
/// another process for the very same until it is answered.
/// </summary>
internal sealed class Registrar : IAsyncDisposable
{
    private const int MostAtOnce = 400;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<ControlPlane> _processes;
    private readonly string _prefix;
    private readonly Task _loop;
    private int _asked;
    private int _retried;

    private Registrar(IReadOnlyList<ControlPlane> processes, string prefix, int perSecond)
    {
        (_processes, _prefix) = (processes, prefix);
        _loop = Task.Run(() => RunAsync(perSecond));
    }

    /// <summary>Begins; the names of the members start with the prefix.</summary>
    public static Registrar Start(IEnumerable<ControlPlane> processes, string prefix, int perSecond) =>
        new([.. processes], prefix, perSecond);

    /// <summary>The members whose joining was acknowledged: name, certificate request, serial of the certificate.</summary>
    public ConcurrentDictionary<string, (string Csr, string Serial)> Joined { get; } = new();

    /// <summary>Why somebody had to ask again.</summary>
    public ConcurrentQueue<string> Refusals { get; } = new();

    /// <summary>How many members have asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>How many had to ask more than once.</summary>
    public int Retried => Volatile.Read(ref _retried);

    /// <summary>Stops asking, and waits until everybody who asked is answered.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _loop;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <summary>
    /// Every acknowledged member is there, with the certificate that was told, and asking again for it gives that same one.
    /// </summary>
    public async Task VerifyAsync(ControlPlane process)
    {
        await process.WaitForAsync(
            "/v1/workloads",
            w => NamesOf(w).IsSupersetOf(Joined.Keys),
            $"all {Joined.Count} acknowledged members in the list");
        var serials = (await process.GetAsync("/v1/identities")).EnumerateArray().ToDictionary(
            i => i.GetProperty("node").GetString()!, i => i.GetProperty("serial").GetString()!);
        var other = Joined.Where(j => serials.GetValueOrDefault($"default/{j.Key}") != j.Value.Serial).ToArray();
        Assert.True(
            other.Length == 0,
            $"{other.Length} of {Joined.Count} members have another certificate than the one they were given, e.g. "
            + other.Select(o => $"{o.Key}: {serials.GetValueOrDefault($"default/{o.Key}")}").FirstOrDefault());
        foreach (var (name, (csr, serial)) in Joined.Take(20))
        {
            Assert.Equal(serial, await TryJoinAsync(process, name, csr));
        }
    }

    private static HashSet<string> NamesOf(JsonElement workloads) =>
        [.. workloads.EnumerateArray().Select(w => w.GetProperty("name").GetString()!)];

    private async Task RunAsync(int perSecond)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        var open = new List<Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (open.Count < MostAtOnce) open.Add(JoinAsync($"{_prefix}-{Interlocked.Increment(ref _asked)}"));
                open.RemoveAll(t => t.IsCompletedSuccessfully);
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task JoinAsync(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=member", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var begin = DateTime.UtcNow;
        for (var attempt = name.Length + Asked; ; attempt++)
        {
            if (await TryJoinAsync(_processes[attempt % _processes.Count], name, csr) is { } serial)
            {
                Joined[name] = (csr, serial);
                return;
            }

            Interlocked.Increment(ref _retried);
            if (DateTime.UtcNow - begin > _patience)
            {
                throw new TimeoutException(
                    $"{name} was not let in within {_patience}:\n"
                    + string.Join('\n', Refusals.Where(r => r.StartsWith($"{name}: ", StringComparison.Ordinal)).TakeLast(8)));
            }

            await Task.Delay(500);
        }
    }

    private async Task<string?> TryJoinAsync(ControlPlane process, string name, string csr)
    {
        try
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(12));
            using var response = await process.Api.PostAsJsonAsync(
                "/v1/workloads",
                new
                {
                    @namespace = "default",
                    name,
                    address = "127.8.8.8",
                    serviceAccount = name,
                    ports = new { http = 8080 },
                    labels = new { app = "crowd" },
                    leaseSeconds = 3000,
                    csr,
                },
                bound.Token);
            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created))
            {
                Refusals.Enqueue(
                    $"{name}: {DateTime.UtcNow:HH:mm:ss.f} {(int)response.StatusCode} "
                    + await response.Content.ReadAsStringAsync(bound.Token));
                return null;
            }

            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(bound.Token);
            return answer.GetProperty("certificate").GetProperty("serial").GetString()!;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            Refusals.Enqueue($"{name}: {DateTime.UtcNow:HH:mm:ss.f} {exception.Message}");
            return null;
        }
    }
}
