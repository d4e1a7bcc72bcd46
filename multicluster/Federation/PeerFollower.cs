using System.Collections.Immutable;
using MeshOrleans.Grains.Duties;
using MeshOrleans.Grains.Federation;
using MeshOrleans.Model.Snapshots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>
/// Keeps what the peers export current; of a cluster's processes one does it. Each peer is read on its own: one that is
/// slow or gone delays no other, and what it last exported stays.
/// </summary>
public sealed partial class PeerFollower(
    IGrainFactory grains,
    PeerClient client,
    IOptions<FederationOptions> options,
    TimeProvider clock,
    ILogger<PeerFollower> logger) : BackgroundService
{
    private const string Duty = "federation";

    private static readonly TimeSpan _longestRound = TimeSpan.FromSeconds(15);

    private readonly string _process = Guid.NewGuid().ToString("N");

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var peers = options.Value.Snapshot().Peers;
            if (!peers.IsEmpty && await IsOnDutyAsync(stoppingToken))
            {
                await Task.WhenAll(peers.Values.Select(peer => SyncAsync(peer.Name, stoppingToken)));
            }

            await Task.Delay(options.Value.Interval, clock, stoppingToken);
        }
    }

    private async Task<bool> IsOnDutyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IDutyGrain>(Duty)
                .TryHoldAsync(_process, options.Value.Interval + _longestRound, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNoDuty(exception.Message);
            return false;
        }
    }

    private async Task SyncAsync(string peer, CancellationToken cancellationToken)
    {
        var link = grains.GetGrain<ILinkGrain>(peer);
        try
        {
            if (await link.FindTermsAsync(cancellationToken) is not { } terms) return;
            var exports = await client.ReadExportsAsync(terms, cancellationToken);
            if (exports.TrustDomain != terms.TrustDomain)
            {
                throw new PeerException(
                    $"It now claims the trust domain '{exports.TrustDomain}', not '{terms.TrustDomain}'.");
            }

            var services = exports.Services.Select(s => Checked(peer, terms.TrustDomain, s)).OfType<string>();
            var reading = new ImportedState(exports.Roots, [.. services]) { CrlsPem = exports.Crls };
            if (await link.ImportAsync(reading, cancellationToken) is LinkResult.Refused(var reason))
            {
                throw new PeerException(reason);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            await NoteAsync(link, peer, exception, cancellationToken);
        }
    }

    private async Task NoteAsync(ILinkGrain link, string peer, Exception exception, CancellationToken cancellationToken)
    {
        LogLost(peer, exception.Message);
        try
        {
            await link.NoteFailureAsync(exception.Message, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotNoted(failure, peer);
        }
    }

    // A peer vouches for its own trust domain only: an endpoint with another identity is not taken over.
    private string? Checked(string peer, string trustDomain, string payload)
    {
        try
        {
            var service = SnapshotPayload.ReadImport(payload);
            var own = service.Endpoints.Where(e => e.Identity?.TrustDomain.Name == trustDomain).ToImmutableArray();
            if (own.Length < service.Endpoints.Length) LogForeign(peer, service.Namespace, service.Name);
            return SnapshotPayload.Write(service with { Peer = peer, Endpoints = own });
        }
        catch (FormatException exception)
        {
            LogUnreadable(exception, peer);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Who reads the peers could not be settled: {Reason}")]
    private partial void LogNoDuty(string reason);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Peer {Peer} could not be read; its last exports stay: {Reason}")]
    private partial void LogLost(string peer, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The failure to read peer {Peer} could not be noted.")]
    private partial void LogNotNoted(Exception exception, string peer);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Peer {Peer} exports {Namespace}/{Name} with endpoints of another trust domain; they are left out.")]
    private partial void LogForeign(string peer, string @namespace, string name);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Peer {Peer} exports a service that cannot be read; it is left out.")]
    private partial void LogUnreadable(Exception exception, string peer);
}
