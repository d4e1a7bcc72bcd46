using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>
/// The lists of certificates that are good no longer which configuration names as files of this machine (<c>caCrl</c>), of
/// servers and of a gateway's clients alike. A file is looked at when a connection is made, and every second for those that are
/// open. One that cannot be read or is half written leaves the former list in use; where there was none yet, nobody is let through.
/// </summary>
internal sealed partial class RevokedFiles(ProxyState state, TimeProvider clock, ILogger<RevokedFiles> logger) : IAsyncDisposable
{
    private const int MaxBytes = 16 << 20;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // as coarse as file systems tell the time: what is written within it may have the same stamp
    private static readonly TimeSpan SameTime = TimeSpan.FromSeconds(2);

    private readonly Lock _reading = new();
    private readonly ConcurrentDictionary<string, RevokedFile> _known = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private HashSet<string> _named = [];
    private ProxyModel? _model;
    private Task _loop = Task.CompletedTask;

    /// <summary>Raised when a list that was read before is another one.</summary>
    public event Action? Changed;

    /// <summary>What is wrong with files, a sentence each.</summary>
    public ImmutableArray<string> Faults =>
        [.. _known.Where(f => f.Value.Problem.Length > 0).Select(f => f.Value.Fault(f.Key)).Order(StringComparer.Ordinal)];

    /// <summary>Looks at the files every second, until it is disposed of.</summary>
    public void Start() => _loop = WatchAsync();

    /// <summary>What a file names now, by issuer (DER, as hex) and serial number; nothing where no file is named.</summary>
    /// <exception cref="CredentialException">There is no list, and there never was.</exception>
    public FrozenSet<(string Issuer, string Serial)> Read(string path)
    {
        if (path.Length == 0) return [];
        var file = Look(path, isThorough: false);
        return file.Revoked ?? throw new CredentialException(file.Fault(path));
    }

    /// <summary>What a file named when it was looked at last; nothing where it could not be read yet.</summary>
    public FrozenSet<(string Issuer, string Serial)> Find(string path) =>
        (_known.GetValueOrDefault(path) ?? Look(path, isThorough: false)).Revoked ?? [];

    /// <summary>
    /// Looks at all files that the model in force names, whether somebody has asked for them or not, and forgets the others.
    /// </summary>
    public void Refresh()
    {
        var model = state.Model;
        if (!ReferenceEquals(model, _model)) (_named, _model) = (NamedBy(model), model);
        foreach (var path in _named) Look(path, isThorough: true);
        foreach (var path in _known.Keys)
        {
            if (!_named.Contains(path)) _known.TryRemove(path, out _);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private static HashSet<string> NamedBy(ProxyModel model)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var cluster in model.Clusters.Values) named.Add(cluster.Tls.RevokedFile);
        foreach (var listener in model.Edge.Values)
        {
            foreach (var chain in listener.Chains) named.Add(chain.Tls?.Roots?.RevokedFile ?? "");
        }

        named.Remove("");
        return named;
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false)) Refresh();
        }
        catch (OperationCanceledException)
        {
            // disposed of
        }
    }

    /// <param name="path">The file.</param>
    /// <param name="isThorough">Reads what was broken, or may have been written again since, though it looks the same.</param>
    private RevokedFile Look(string path, bool isThorough)
    {
        var known = _known.GetValueOrDefault(path);
        if (!IsOther(known, MachineFile.Look(path).Stamp, isThorough)) return known!;
        RevokedFile fresh;
        lock (_reading)
        {
            known = _known.GetValueOrDefault(path);
            var (stamp, writtenAt) = MachineFile.Look(path); // before the content: what comes later is looked at again
            if (!IsOther(known, stamp, isThorough)) return known!;
            fresh = Load(path, known) with { Stamp = stamp, IsYoung = clock.GetUtcNow() - writtenAt < SameTime };
            _known[path] = fresh;
        }

        if (fresh.Problem != (known?.Problem ?? "")) Log(path, fresh);
        if (known is not null && !ReferenceEquals(fresh.Revoked, known.Revoked)) Changed?.Invoke();
        return fresh;
    }

    private static bool IsOther(RevokedFile? known, long stamp, bool isThorough) =>
        known is null || known.Stamp != stamp || (isThorough && (known.IsYoung || known.Problem.Length > 0));

    private static RevokedFile Load(string path, RevokedFile? former)
    {
        try
        {
            var content = MachineFile.Read(path, MaxBytes);
            var digest = SHA256.HashData(content);
            if (former?.Revoked is not null)
            {
                if (content.Length == 0) throw new CredentialException("it is empty"); // about to be written
                if (digest.AsSpan().SequenceEqual(former.Digest)) return former with { Problem = "" };
            }

            return new RevokedFile(RevocationList.Read(content), digest);
        }
        catch (CredentialException exception)
        {
            return (former ?? new RevokedFile(null, [])) with { Problem = exception.Message };
        }
    }

    private void Log(string path, RevokedFile file)
    {
        if (file.Problem.Length == 0) LogUsed(path);
        else LogNotUsed(path, file.Consequence, file.Problem);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The list of revoked certificates {Path} is in use again.")]
    private partial void LogUsed(string path);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "The list of revoked certificates {Path} cannot be used, {Consequence}: {Problem}.")]
    private partial void LogNotUsed(string path, string consequence, string problem);

    /// <param name="Revoked">What it names; null when it could never be read.</param>
    /// <param name="Digest">Of what it was read from.</param>
    private sealed record RevokedFile(FrozenSet<(string Issuer, string Serial)>? Revoked, byte[] Digest)
    {
        /// <summary>Why what is there now is not used; empty when it is.</summary>
        public string Problem { get; init; } = "";

        /// <summary>By what a change is noticed.</summary>
        public long Stamp { get; init; }

        /// <summary>It was read so soon after it had been written that it may be another one with the same stamp.</summary>
        public bool IsYoung { get; init; }

        public string Consequence => Revoked is null ? "nobody is let through" : "the former one stays in use";

        public string Fault(string path) => $"list of revoked certificates {path} cannot be used, {Consequence}: {Problem}";
    }
}
