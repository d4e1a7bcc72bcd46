using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Model.Identity;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Cluster.Tests.Clients;

/// <summary>
/// Looks again and again at what sidecars have saved, and judges each certificate that appears by the roots that each of them
/// has at that time: there must be no moment at which one would refuse the other.
/// </summary>
internal sealed class BundleWatch : IAsyncDisposable
{
    private static readonly TimeSpan _period = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _judged = new(StringComparer.Ordinal);
    private readonly HashSet<string> _certificates = new(StringComparer.Ordinal);
    private readonly HashSet<string> _bundles = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<string> _folders;
    private readonly Task _loop;

    private BundleWatch(IReadOnlyList<string> folders)
    {
        _folders = folders;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Begins.</summary>
    public static BundleWatch Start(params Member[] members) =>
        new([.. members.Select(member => Path.Combine(member.StateDirectory, "sidecar"))]);

    /// <summary>Who would have been refused by whom.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>How many different certificates were seen.</summary>
    public int Certificates => Count(_certificates);

    /// <summary>How many different bundles were seen.</summary>
    public int Bundles => Count(_bundles);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var chains = _folders.Select(folder => Read(Path.Combine(folder, "svid.key"))).ToArray();
            var bundles = _folders.Select(folder => Read(Path.Combine(folder, "trust-bundle.json"))).ToArray();
            foreach (var chain in chains.Where(text => text.Length > 0))
            {
                foreach (var bundle in bundles.Where(text => text.Length > 0)) Judge(chain, bundle);
            }

            await Task.Delay(_period, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Judge(string chainPem, string bundle)
    {
        var chain = new X509Certificate2Collection();
        var roots = new X509Certificate2Collection();
        chain.ImportFromPem(chainPem);
        foreach (var pem in JsonSerializer.Deserialize<JsonElement>(bundle).GetProperty("roots").EnumerateArray())
        {
            roots.ImportFromPem(pem.GetString());
        }

        var names = string.Join(' ', roots.Select(root => root.Thumbprint));
        lock (_judged)
        {
            _certificates.Add(chain[0].SerialNumber);
            _bundles.Add(names);
            if (!_judged.Add($"{chain[0].SerialNumber} {names}")) return;
        }

        using var presented = new X509Chain();
        presented.ChainPolicy.ExtraStore.AddRange(chain);
        if (!PeerSvid.TryVerify(chain[0], presented, _ => roots, DateTimeOffset.UtcNow, out _, out var problem))
        {
            Faults.Enqueue($"{DateTime.UtcNow:HH:mm:ss.f} {chain[0].SerialNumber} under {names}: {problem}");
        }
    }

    // They are replaced in one step; what is not there yet is looked at next time.
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private int Count(HashSet<string> set)
    {
        lock (_judged) return set.Count;
    }
}
