using System.Collections.Immutable;

namespace MeshOrleans.Grains.Federation;

/// <summary>
/// Tells the grain of a foreign domain what is revoked there. While a mesh's own silos are upgraded one after the other that grain
/// may still be in one of a former version, which does not know the request: then it is as if nothing had been said, and somebody
/// who knows is told later.
/// </summary>
internal sealed class RevocationTeller(TimeProvider clock)
{
    /// <summary>For how long a silo that does not know the request is not asked again: it logs an error each time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private DateTimeOffset _from;

    /// <summary>Tells it, unless it was not known a moment ago.</summary>
    public async Task<LinkResult> TellAsync(
        IPeerTrustGrain trust, string link, ImmutableArray<string> crlsPem, CancellationToken cancellationToken)
    {
        if (clock.GetUtcNow() < _from) return new LinkResult.Done();
        try
        {
            return await trust.TellRevokedAsync(link, crlsPem, cancellationToken);
        }
        catch (TypeLoadException)
        {
            // Orleans' answer to a request whose name the called silo cannot resolve
            _from = clock.GetUtcNow() + Patience;
            return new LinkResult.Done();
        }
    }
}
