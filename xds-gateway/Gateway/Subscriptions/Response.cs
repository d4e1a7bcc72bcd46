using System.Collections.Immutable;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>One response, not yet on the wire.</summary>
/// <param name="Group">The group it is made from; its version is the response's.</param>
/// <param name="Resources">What it carries, in order.</param>
/// <param name="Removed">Delta: what the client is to drop.</param>
/// <param name="Base">
/// Delta: what the client is known to hold of all that is carried, for one that takes patches; null for others.
/// </param>
internal sealed record Response(
    ResourceGroup Group,
    ImmutableArray<EncodedResource> Resources,
    ImmutableArray<string> Removed,
    ResourceGroup? Base = null)
{
    /// <summary>It carries the whole group, and nothing but it: the bytes can be shared.</summary>
    public bool IsWholeGroup => Resources == Group.Resources && Removed.IsEmpty && Base is null;
}
