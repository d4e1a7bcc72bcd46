using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Gateway.Streams;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Tls;

namespace MeshOrleans.Xds.Gateway.Secrets;

/// <summary>
/// The secrets of one stream: the mesh's roots and the stream's own certificate. Never shared, never cached by name.
/// </summary>
/// <param name="svid">
/// The stream's certificate; null when the client has proved no identity: then there are no secrets.
/// </param>
internal sealed class StreamSecrets(SvidSession? svid)
{
    private const string CsrField = "MESH_CSR";
    private const int MaxCsr = 16 * 1024;

    private static readonly ConditionalWeakTable<ImmutableSortedDictionary<string, TrustBundle>, EncodedResource> Roots = [];
    private static readonly ResourceGroup Nothing = ResourceGroup.Of(TypeUrls.Secret, []);

    private EncodedResource? _root;
    private EncodedResource? _certificate;
    private ResourceGroup _group = Nothing;
    private long _trustSequence;

    /// <summary>Takes the CSR out of a node's metadata, where there is a usable one.</summary>
    public void Offer(Node? node)
    {
        if (svid is null || node?.Metadata is null || ProxyNode.Text(node.Metadata, CsrField) is not { } text) return;
        if (text.Length > MaxCsr * 4 / 3 + 4) return;
        var bytes = new byte[text.Length];
        if (Convert.TryFromBase64String(text, bytes, out var length)) svid.Stage([.. bytes.AsSpan(0, length)]);
    }

    /// <summary>The client has subscribed to its certificate.</summary>
    public void Demand() => svid?.Demand();

    /// <summary>The secrets as they are now.</summary>
    public ResourceGroup Group(MeshSnapshot snapshot)
    {
        if (svid is null) return Nothing;
        var (root, certificate) = (RootOf(snapshot), svid.Certificate);
        if (ReferenceEquals(root, _root) && ReferenceEquals(certificate, _certificate)) return _group;
        (_root, _certificate) = (root, certificate);
        EncodedResource?[] all = [root, certificate];
        return _group = ResourceGroup.Of(TypeUrls.Secret, all.OfType<EncodedResource>());
    }

    /// <summary>
    /// The sequence of this mesh's roots that the client has taken over; 0 before it has any, and for one without secrets.
    /// </summary>
    /// <param name="subscription">How secrets stand on the stream; null when the client wants none.</param>
    /// <param name="snapshot">The mesh as the stream has it now.</param>
    public long TrustSequence(Subscription? subscription, MeshSnapshot snapshot)
    {
        if (subscription is { IsOutstanding: false, Told: { } told, Suspects.IsEmpty: true }
            && subscription.Wants(SecretTranslator.RootCaName)
            && !subscription.Refused.ContainsKey(SecretTranslator.RootCaName)
            && told.Find(SecretTranslator.RootCaName) is { } held
            && held.Version == RootOf(snapshot)?.Version)
        {
            _trustSequence = snapshot.LocalBundle!.Sequence;
        }

        return _trustSequence;
    }

    private static EncodedResource? RootOf(MeshSnapshot snapshot)
    {
        if (Roots.TryGetValue(snapshot.Bundles, out var known)) return known;
        if (SecretTranslator.RootCa(snapshot) is not { } root) return null;
        Roots.AddOrUpdate(snapshot.Bundles, root);
        return root;
    }
}
