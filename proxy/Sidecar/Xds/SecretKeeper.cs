using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Tls;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>
/// Secrets of the stream to the identity. Roots before certificates: a new root may be what the new
/// certificate leads to.
/// </summary>
internal sealed partial class SecretKeeper(IdentityHolder identity, ILogger<SecretKeeper> logger)
{
    private HeldRoots? _roots;

    /// <summary>
    /// What a stream need not bring again, name to version: the roots, as long as nothing else has changed them since.
    /// A certificate never comes twice, as a stream brings only what was signed on it.
    /// </summary>
    public IEnumerable<(string Name, string Version)> Held =>
        _roots is { } held && identity.Current.Trust?.Equivalent(held.Trust) is true
            ? [(SecretNames.Roots, held.Version)]
            : [];

    /// <returns>Null for an ACK; otherwise the reason of the NACK.</returns>
    public string? Apply(DeltaDiscoveryResponse response)
    {
        if (identity.Current.Trust is not { } trust) return "no trust bundle is known yet";
        try
        {
            var contents = response.Resources
                .Select(
                    r =>
                        SecretReader.Read(
                            CoreReader.Unpack<Secret>(
                                r.Resource_ ?? new(), FieldPath.Root), trust.Own, FieldPath.Root.At(r.Name)))
                .ToArray();
            var outcomes = contents.OfType<SecretContent.Roots>().Select(r => identity.Offer(r.Trust))
                .Concat(contents.OfType<SecretContent.Certificate>().Select(c => identity.Offer(c.ChainPem)));
            var reasons = outcomes.ToArray().OfType<IdentityOutcome.Rejected>().Select(r => r.Reason).ToArray();
            if (reasons.Length > 0) return Refuse(string.Join("; ", reasons));
            Remember(response, contents);
            return null;
        }
        catch (UnusableResourceException exception)
        {
            return Refuse(exception.Message);
        }
    }

    private void Remember(DeltaDiscoveryResponse response, SecretContent[] contents)
    {
        foreach (var (resource, content) in response.Resources.Zip(contents))
        {
            if (content is SecretContent.Roots roots) _roots = new HeldRoots(resource.Version, roots.Trust);
        }
    }

    private string Refuse(string reason)
    {
        LogRefused(reason);
        return reason;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A secret is refused, the former one stays in use: {Reason}.")]
    private partial void LogRefused(string reason);

    private sealed record HeldRoots(string Version, Trust Trust);
}
