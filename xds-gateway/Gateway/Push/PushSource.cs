using System.Threading.Channels;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Gateway.Snapshots;
using MeshOrleans.Xds.Translation.Index;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>
/// Decides when a change of the mesh becomes the picture that is pushed: configuration after a debounce, members of
/// services at once, beside the configuration that was pushed last; certificates never (only their own streams care).
/// </summary>
internal sealed class PushSource(SnapshotHolder holder, TimeProvider clock, IOptions<XdsGatewayOptions> options)
    : BackgroundService
{
    private readonly Debouncer _debouncer = new(options.Value.Debounce, options.Value.DebounceCap);
    private readonly Channel<SnapshotUpdate> _updates =
        Channel.CreateUnbounded<SnapshotUpdate>(new UnboundedChannelOptions { SingleReader = true });

    private volatile PushPicture? _current;
    private SnapshotUpdate? _taken; // the newest; what is still in the queue may be half of something
    private MeshChange _members = new(); // that the current picture lacks
    private MeshChange _configuration = new(); // that waits for the debounce
    private long? _changedAt;

    /// <summary>Raised after each new picture; handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>Raised for each certificate whose record changed, with its snapshot key.</summary>
    public event Action<string>? CertificateChanged;

    /// <summary>The newest picture; null until the mesh is known in full.</summary>
    public PushPicture? Current => _current;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        holder.Changed += OnChanged;
        if (holder.IsSynced) Publish(holder.Current, holder.Revision);
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        holder.Changed -= OnChanged;
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (!await WaitAsync(stoppingToken))
            {
                Publish(_taken!.Snapshot, _taken.Revision);
                continue;
            }

            while (_updates.Reader.TryRead(out var update)) Take(update);
        }
    }

    /// <summary>True when there is an update to read, false when what was noted is due.</summary>
    private async Task<bool> WaitAsync(CancellationToken stoppingToken)
    {
        if (_debouncer.DueAt is not { } dueAt) return await _updates.Reader.WaitToReadAsync(stoppingToken);
        var wait = dueAt - clock.GetUtcNow();
        if (wait <= TimeSpan.Zero) return false;
        using var timer = new CancellationTokenSource(wait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stoppingToken);
        try
        {
            return await _updates.Reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Take(SnapshotUpdate update)
    {
        _taken = update;
        if (update.IsFull || _current is null)
        {
            foreach (var key in update.Keys) TellCertificate(key);
            _configuration.AddEverything();
            Publish(update.Snapshot, update.Revision);
            return;
        }

        foreach (var key in update.Keys)
        {
            if (Is(key, SnapshotKey.Workload)) _members.Add(key);
            else if (!TellCertificate(key) && !Is(key, SnapshotKey.Issuer)) Note(key);
        }

        if (!_members.IsEmpty) PublishMembers(_current, update.Snapshot);
    }

    private bool TellCertificate(string key)
    {
        if (!Is(key, SnapshotKey.Identity)) return false;
        CertificateChanged?.Invoke(key);
        return true;
    }

    private void Note(string key)
    {
        _configuration.Add(key);
        _changedAt ??= clock.GetTimestamp();
        _debouncer.Note(clock.GetUtcNow());
    }

    // Half of a change of the configuration must not get out because a member came.
    private void PublishMembers(PushPicture before, MeshSnapshot newest)
    {
        var snapshot = newest with
        {
            Config = before.Snapshot.Config,
            Bundles = before.Snapshot.Bundles,
            Imports = before.Snapshot.Imports,
            Peers = before.Snapshot.Peers,
            KeySets = before.Snapshot.KeySets,
        };
        Publish(new PushPicture(
            snapshot,
            before.Index.After(snapshot, _members),
            before.Revision,
            clock.GetTimestamp(),
            before.Ordinal + 1));
    }

    private void Publish(MeshSnapshot snapshot, long revision)
    {
        var index = _current?.Index.After(snapshot, _configuration) ?? MeshIndex.Of(snapshot);
        var changedAt = _changedAt ?? clock.GetTimestamp();
        Publish(new PushPicture(snapshot, index, revision, changedAt, (_current?.Ordinal ?? 0) + 1));
        (_changedAt, _configuration) = (null, new MeshChange());
        _debouncer.Clear();
    }

    private void Publish(PushPicture picture)
    {
        _members = new MeshChange();
        _current = picture;
        Changed?.Invoke();
    }

    private void OnChanged(SnapshotUpdate update) => _updates.Writer.TryWrite(update);

    private static bool Is(string key, string category) => key.StartsWith(category, StringComparison.Ordinal);
}
