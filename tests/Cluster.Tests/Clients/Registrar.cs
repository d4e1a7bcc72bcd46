using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Cluster.Tests.Clients;

/// <summary>
/// Has members join at a steady pace, each with a key and certificate request of its own. One whose answer is lost asks
/// another process for the very same until it is answered, with the very same credential.
/// </summary>
internal sealed partial class Registrar : IAsyncDisposable
{
    private const int MostAtOnce = 400;

    // For whoever hangs. While a silo is away and another starts, fewer are let in than ask, and who is late is told to
    // come again; nobody's turn is certain.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<ControlPlane> _processes;
    private readonly string _prefix;
    private readonly bool _withTokens;
    private readonly Task _loop;
    private int _asked;
    private int _retried;

    private Registrar(IReadOnlyList<ControlPlane> processes, string prefix, int perSecond, bool withTokens)
    {
        (_processes, _prefix, _withTokens) = (processes, prefix, withTokens);
        _loop = Task.Run(() => RunAsync(perSecond));
    }

    /// <summary>Begins, as the administrator; the names of the members start with the prefix.</summary>
    public static Registrar Start(IEnumerable<ControlPlane> processes, string prefix, int perSecond) =>
        new([.. processes], prefix, perSecond, withTokens: false);

    /// <summary>Begins; every member has a join token of its own, good for one use.</summary>
    public static Registrar StartWithTokens(IEnumerable<ControlPlane> processes, string prefix, int perSecond) =>
        new([.. processes], prefix, perSecond, withTokens: true);

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
            Assert.Equal(serial, await TryJoinAsync(process, name, csr, token: null));
        }
    }

    /// <summary>
    /// No certificate request was signed twice: all that the silos have written down of their signatures names one serial
    /// for each. What a killed process had not yet written is not seen.
    /// </summary>
    /// <param name="silos">Who signs.</param>
    /// <param name="mayDiffer">
    /// Whether a request that was signed at the one time is another one at the other: its roots had changed, or it was forgotten. Null
    /// where neither can be.
    /// </param>
    public static void VerifySignatures(
        IEnumerable<ControlPlane> silos, Func<DateTimeOffset, DateTimeOffset, bool>? mayDiffer = null)
    {
        var signed = silos.SelectMany(s => s.Lines("Signed "))
            .Select(line => (Line: line, Match: Signature().Match(line))).Where(s => s.Match.Success)
            .ToLookup(s => s.Match.Groups["csr"].Value, s => (Serial: s.Match.Groups["serial"].Value, At: TimeOf(s.Line)));
        Assert.NotEmpty(signed);
        var twice = signed.Where(IsTwice).ToArray();
        Assert.True(
            twice.Length == 0,
            $"{twice.Length} of {signed.Count} requests were signed twice, e.g. "
            + twice.Select(t => $"{t.Key}: {string.Join(", ", t.Select(s => $"{s.Serial} at {s.At:HH:mm:ss.fff}"))}").FirstOrDefault());

        bool IsTwice(IEnumerable<(string Serial, DateTimeOffset At)> signatures)
        {
            var firsts = signatures.GroupBy(s => s.Serial, (_, same) => same.Min(s => s.At)).Order().ToArray();
            return firsts.Zip(firsts.Skip(1)).Any(pair => mayDiffer?.Invoke(pair.First, pair.Second) is not true);
        }
    }

    /// <summary>When a line of the log was written.</summary>
    public static DateTimeOffset TimeOf(string line) =>
        DateTimeOffset.TryParse(line.Split(' ')[0], CultureInfo.InvariantCulture, out var time)
            ? time
            : throw new FormatException($"No time in '{line}'.");

    [GeneratedRegex(@"Signed (?<serial>\w+) for \S+: request (?<csr>\w+),")]
    private static partial Regex Signature();

    private static HashSet<string> NamesOf(JsonElement workloads) =>
        [.. workloads.EnumerateArray().Select(w => w.GetProperty("name").GetString()!)];

    private string RefusalsOf(string name) =>
        string.Join('\n', Refusals.Where(r => r.StartsWith($"{name}: ", StringComparison.Ordinal)).TakeLast(8));

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
        string? token = null;
        if (_withTokens) token = await UntilAnsweredAsync(name, process => TryMintAsync(process, name));
        Joined[name] = (csr, await UntilAnsweredAsync(name, process => TryJoinAsync(process, name, csr, token)));
    }

    private async Task<string> UntilAnsweredAsync(string name, Func<ControlPlane, Task<string?>> tryAsync)
    {
        var begin = DateTime.UtcNow;
        for (var attempt = name.Length + Asked; ; attempt++)
        {
            if (await tryAsync(_processes[attempt % _processes.Count]) is { } answer) return answer;
            Interlocked.Increment(ref _retried);
            if (DateTime.UtcNow - begin > _patience)
            {
                throw new TimeoutException($"{name} was not let in within {_patience}:\n{RefusalsOf(name)}");
            }

            await Task.Delay(500);
        }
    }

    private async Task<string?> TryMintAsync(ControlPlane process, string name)
    {
        var answer = await TryPostAsync(
            process, "/v1/tokens", name, new { @namespace = "default", serviceAccount = name }, token: null);
        return answer?.GetProperty("token").GetString();
    }

    private async Task<string?> TryJoinAsync(ControlPlane process, string name, string csr, string? token)
    {
        var answer = await TryPostAsync(
            process,
            "/v1/workloads",
            name,
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
            token);
        return answer?.GetProperty("certificate").GetProperty("serial").GetString();
    }

    /// <returns>The answer; null when it is to be asked for again.</returns>
    private async Task<JsonElement?> TryPostAsync(
        ControlPlane process, string path, string name, object body, string? token)
    {
        try
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
            if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var response = await process.Api.SendAsync(request, bound.Token);
            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created))
            {
                Refusals.Enqueue(
                    $"{name}: {DateTime.UtcNow:HH:mm:ss.f} {path} {(int)response.StatusCode} "
                    + await response.Content.ReadAsStringAsync(bound.Token));
                await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero);
                return response.StatusCode is not HttpStatusCode.Unauthorized ? null : throw new InvalidOperationException(
                    $"The credential of {name} is good no more:\n{RefusalsOf(name)}");
            }

            return await response.Content.ReadFromJsonAsync<JsonElement>(bound.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            Refusals.Enqueue($"{name}: {DateTime.UtcNow:HH:mm:ss.f} {exception.Message}");
            return null;
        }
    }
}
