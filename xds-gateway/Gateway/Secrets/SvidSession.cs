using System.Collections.Immutable;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Tls;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Secrets;

/// <summary>
/// Keeps one stream's certificate fresh: when the one in use is due, the CSR that the client has staged is signed, and
/// the stream is woken to push the chain. All of it happens beside the stream's loop: a slow authority delays nothing.
/// </summary>
/// <param name="id">The proved identity: the only one it ever asks a certificate for.</param>
/// <param name="nodeId">
/// Who holds the key, as the client says; where its certificate is known to be another node's, it is that one instead.
/// </param>
/// <param name="presentedSerial">The serial of the certificate that the client connected with.</param>
/// <param name="parts">What it needs of the gateway.</param>
/// <param name="changed">Hears of each new certificate.</param>
internal sealed partial class SvidSession(
    SpiffeId id, string nodeId, string presentedSerial, SvidParts parts, Action changed)
{
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), parts.Random);
    private readonly Signal _signal = new();
    private readonly ILogger _logger = parts.Logger;
    private string _node = nodeId;
    private bool _isProved;
    private volatile StagedCsr? _staged;
    private volatile EncodedResource? _certificate;
    private volatile bool _isDemanded;
    private StagedCsr? _used;
    private SvidRotation? _held;
    private DateTimeOffset? _retryAt;

    /// <summary>Under what key the mesh tells of the certificate of the node that the client says to be.</summary>
    public string RecordKey { get; } = $"{id}|{nodeId}";

    /// <summary>The newest certificate signed on this stream; null when none was due yet.</summary>
    public EncodedResource? Certificate => _certificate;

    /// <summary>The client has a key ready and wants this CSR signed when it is time.</summary>
    public void Stage(ImmutableArray<byte> csr)
    {
        if (_staged is { } held && held.IsSame(csr)) return;
        _staged = new StagedCsr(csr);
        _signal.Set();
    }

    /// <summary>The client has asked for its certificate on this stream.</summary>
    public void Demand()
    {
        if (_isDemanded) return;
        _isDemanded = true;
        _signal.Set();
    }

    /// <summary>The mesh has news of this certificate.</summary>
    public void OnRecordChanged() => _signal.Set();

    /// <summary>Works until the stream ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var isKnown = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            if (!_isDemanded || _staged is not { } csr || csr == _used)
            {
                await _signal.WaitAsync(cancellationToken);
                continue;
            }

            if (DueIn(isKnown) is { } wait && wait > TimeSpan.Zero)
            {
                await _signal.WaitAsync(Min(wait, TimeSpan.FromHours(1)), parts.Clock, cancellationToken);
                continue;
            }

            try
            {
                if (isKnown) await IssueAsync(csr, cancellationToken);
                else await RecallAsync(cancellationToken);
                isKnown = true;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Postpone(exception, exception.Message);
            }
        }
    }

    private TimeSpan DueIn(bool isKnown)
    {
        var now = parts.Clock.GetUtcNow();
        if (_retryAt is { } retryAt && retryAt > now) return retryAt - now;
        var record = parts.Snapshots.Current.Identities.GetValueOrDefault($"{id}|{_node}");
        return isKnown ? SvidRotation.DueIn(_held, record, now) : TimeSpan.Zero;
    }

    /// <summary>
    /// Finds out about the certificate that the client connected with: a reconnect is no reason for a new one, and what
    /// follows is for the node to which it was issued. To refuse would let a certificate end because of a name; to issue
    /// it for the other node would take the place of that one's.
    /// </summary>
    private async Task RecallAsync(CancellationToken cancellationToken)
    {
        var grain = parts.Grains.GetGrain<IIdentityGrain>(id.ToString());
        var views = await grain.ListAsync(cancellationToken);
        var presented = views.FirstOrDefault(v => v.Serial == presentedSerial);
        if (presented is { NodeId: var own })
        {
            BeNode(own);
            _isProved = own == _node; // else what it has had is taken along with the first one that is signed
        }

        var view = presented?.NodeId == _node ? presented : null;
        _held = view is null ? null : new SvidRotation(view.RotateAt, view.Generation);
        _retryAt = null;
    }

    private async Task IssueAsync(StagedCsr csr, CancellationToken cancellationToken)
    {
        var grain = parts.Grains.GetGrain<IIdentityGrain>(id.ToString());
        // once for a stream: its client is who it was, whoever has renewed under its name since
        var proof = _isProved || presentedSerial.Length == 0
            ? null
            : new NodeProof("", MayRepeat: true, presentedSerial);
        var result = await grain.IssueAsync(new IssueRequest(csr.Der, _node, Lifetime: null, proof), cancellationToken);
        if (result is not IssueResult.Issued issued)
        {
            if (result is IssueResult.OtherNode(var own)) BeNode(own);
            Postpone(null, ReasonOf(result), result is IssueResult.TooOften(var wait) ? wait : TimeSpan.Zero);
            return;
        }

        _isProved = true;
        _used = csr; // its key is in use now: the next certificate needs the next CSR
        _held = new SvidRotation(issued.View.RotateAt, issued.View.Generation);
        _retryAt = null;
        _backoff.Reset();
        _certificate = SecretTranslator.Certificate(issued.ChainPem);
        parts.Metrics.Certified();
        LogIssued(id, _node, issued.View.Serial, issued.View.NotAfter);
        changed();
    }

    private void BeNode(string own)
    {
        if (NodeName.IsMadeUp(own) || NodeName.Of(own).Agrees(NodeName.Of(_node))) return;
        LogOtherNode(id, _node, own);
        _node = own;
    }

    private static string ReasonOf(IssueResult result) => result switch
    {
        IssueResult.Refused(var reason) => reason,
        IssueResult.Superseded =>
            "The certificate that it has connected with is neither the newest of its node nor the one before.",
        IssueResult.OtherNode(var own) => $"The certificate that it has connected with is that of {own}.",
        IssueResult.TooOften => "It has had too many.",
        _ => "no reason given",
    };

    private void Postpone(Exception? exception, string reason, TimeSpan atLeast = default)
    {
        parts.Metrics.NotCertified();
        var wait = Max(_backoff.Next(), atLeast);
        _retryAt = parts.Clock.GetUtcNow() + wait;
        LogNotIssued(exception, id, _node, reason, wait);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(
        Level = LogLevel.Information, Message = "{Id} at {Node} gets certificate {Serial}, valid until {NotAfter}.")]
    private partial void LogIssued(SpiffeId id, string node, string serial, DateTimeOffset notAfter);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Id} says to be {Node} with a certificate that was issued to {Own}, and is issued the next one as that.")]
    private partial void LogOtherNode(SpiffeId id, string node, string own);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "{Id} at {Node} gets no certificate: {Reason} Next attempt in {Wait}.")]
    private partial void LogNotIssued(Exception? exception, SpiffeId id, string node, string reason, TimeSpan wait);

    private sealed record StagedCsr(ImmutableArray<byte> Der)
    {
        public bool IsSame(ImmutableArray<byte> other) => Der.AsSpan().SequenceEqual(other.AsSpan());
    }
}
