using MeshOrleans.Grains;
using MeshOrleans.Grains.Federation;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Multicluster.Federation;

/// <summary>What became of an attempt to link two meshes.</summary>
public abstract record PeeringOutcome
{
    private PeeringOutcome()
    {
    }

    /// <summary>They are linked, in both directions.</summary>
    public sealed record Linked(string Name, string TrustDomain) : PeeringOutcome;

    /// <summary>The other side took the link; this is what it needs to know.</summary>
    public sealed record Accepted(LinkAnswer Answer) : PeeringOutcome;

    /// <summary>They are not linked.</summary>
    public sealed record Refused(string Reason) : PeeringOutcome;
}

/// <summary>
/// Links two meshes. The operator of one mints a peer token, the operator of the other presents it: over a connection
/// pinned by the token the two exchange roots and one secret for each direction. Each keeps its own root.
/// </summary>
public sealed partial class Peering(
    IGrainFactory grains, PeerClient client, IOptions<FederationOptions> options, ILogger<Peering> logger)
{
    /// <summary>Links this mesh to the one whose token it was given.</summary>
    /// <param name="name">What this mesh calls the other.</param>
    /// <param name="address">Its TLS port, <c>host:port</c>.</param>
    /// <param name="token">A peer token that it minted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<PeeringOutcome> LinkAsync(
        string name, string address, JoinToken token, CancellationToken cancellationToken)
    {
        try
        {
            var bundle = await client.ReadBundleAsync(address, token.RootPin, cancellationToken);
            var own = await OwnBundleAsync(cancellationToken);
            if (bundle.TrustDomain == own.TrustDomain)
            {
                return Refuse(
                    name,
                    $"Both meshes have the trust domain '{own.TrustDomain}'; "
                    + "one must be set up with another (--trust-domain).");
            }

            var inbound = PeerCredential.Create(name);
            var request = new LinkRequest(own.TrustDomain, own.RootsPem, options.Value.OwnAddress(), inbound.Reveal());
            var answer = await client.LinkAsync(address, bundle, token, request, cancellationToken);
            if (answer.TrustDomain != bundle.TrustDomain || answer.Roots.IsDefaultOrEmpty)
            {
                return Refuse(name, $"The control plane at {address} says that it is '{answer.TrustDomain}', but is '{bundle.TrustDomain}'.");
            }

            var terms = new LinkTerms(bundle.TrustDomain, address, answer.Roots, answer.Credential, inbound.Hash);
            return await EstablishAsync(name, terms, cancellationToken)
                ?? new PeeringOutcome.Linked(name, bundle.TrustDomain);
        }
        catch (PeerException exception)
        {
            return Refuse(name, exception.Message);
        }
    }

    /// <summary>Takes a link that another mesh asks for; its token has been redeemed by the caller.</summary>
    public async Task<PeeringOutcome> AcceptAsync(LinkRequest request, CancellationToken cancellationToken)
    {
        if (!TrustDomain.TryParse(request.TrustDomain, out var domain))
        {
            return Refuse("?", "trustDomain is not a trust domain.");
        }

        var own = await OwnBundleAsync(cancellationToken);
        if (domain.Name == own.TrustDomain)
        {
            return Refuse(domain.Name, $"Both meshes have the trust domain '{domain.Name}'.");
        }

        if (!PeerAddress.IsValid(request.Address)) return Refuse(domain.Name, "address is not host:port of a control plane.");
        if (!PeerCredential.TryParse(request.Credential, out _)) return Refuse(domain.Name, "credential is none.");
        if (await grains.GetGrain<ILinkGrain>(domain.Name).FindTermsAsync(cancellationToken) is not null)
        {
            // Whoever holds a token may make a link, but not take over one: its roots vouch for a whole trust domain.
            return Refuse(domain.Name, $"There is a link to '{domain.Name}' already; remove it here first (meshctl peer remove).");
        }

        var inbound = PeerCredential.Create(domain.Name);
        var terms = new LinkTerms(domain.Name, request.Address, request.Roots, request.Credential, inbound.Hash);
        return await EstablishAsync(domain.Name, terms, cancellationToken)
            ?? new PeeringOutcome.Accepted(new LinkAnswer(own.TrustDomain, own.RootsPem, inbound.Reveal()));
    }

    /// <summary>Ends a link on this side; false when there is none of that name.</summary>
    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken) =>
        grains.GetGrain<ILinkGrain>(name).RemoveAsync(cancellationToken);

    /// <summary>
    /// Everything this mesh exports, for a peer that presents its credential; null when it is none of ours.
    /// </summary>
    public async Task<ExportAnswer?> ExportAsync(string credential, CancellationToken cancellationToken)
    {
        if (!PeerCredential.TryParse(credential, out var presented)) return null;
        var terms = await grains.GetGrain<ILinkGrain>(presented.Link).FindTermsAsync(cancellationToken);
        if (terms is null || !presented.Matches(terms.InboundCredentialHash)) return null;
        var own = await OwnBundleAsync(cancellationToken);
        var snapshot = options.Value.Snapshot();
        var services = ExportCatalog.Of(snapshot).Select(SnapshotPayload.Write);
        return new ExportAnswer(own.TrustDomain, own.RootsPem, [.. services])
        {
            Crls = snapshot.LocalBundle?.CrlsPem, // null before it is known
        };
    }

    private Task<AuthorityBundle> OwnBundleAsync(CancellationToken cancellationToken) =>
        grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default).GetBundleAsync(cancellationToken);

    /// <summary>Null when it worked.</summary>
    private async Task<PeeringOutcome?> EstablishAsync(
        string name, LinkTerms terms, CancellationToken cancellationToken)
    {
        var result = await grains.GetGrain<ILinkGrain>(name).EstablishAsync(terms, cancellationToken);
        if (result is LinkResult.Refused(var reason)) return Refuse(name, reason);
        LogLinked(name, terms.TrustDomain, terms.Address);
        return null;
    }

    private PeeringOutcome.Refused Refuse(string name, string reason)
    {
        LogRefused(name, reason);
        return new PeeringOutcome.Refused(reason);
    }

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Linked to mesh {Name} (trust domain {TrustDomain}) at {Address}.")]
    private partial void LogLinked(string name, string trustDomain, string address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The link to mesh {Name} was not made: {Reason}")]
    private partial void LogRefused(string name, string reason);
}
