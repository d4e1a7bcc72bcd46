using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>What a client has shown, to find it again in lists that come later: its certificates end with the handshake.</summary>
/// <param name="Roots">What it was checked by.</param>
/// <param name="Chain">From its certificate to the root: whose each is, its issuer (DER, as hex) and its serial number.</param>
internal sealed record ShownChain(EdgeRootsName Roots, ImmutableArray<(string Subject, string Issuer, string Serial)> Chain)
{
    public static ShownChain Of(EdgeRootsName roots, X509Chain chain)
    {
        var all = ImmutableArray.CreateBuilder<(string, string, string)>(chain.ChainElements.Count);
        foreach (var element in chain.ChainElements)
        {
            var (issuer, serial) = RevocationList.KeyOf(element.Certificate);
            all.Add((element.Certificate.Subject, issuer, serial));
        }

        return new ShownChain(roots, all.MoveToImmutable());
    }
}
