using System.Collections.Immutable;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>One response, not yet on the wire.</summary>
/// <param name="Group">The group it is made from; its version is the response's.</param>
/// <param name="Resources">What it carries, in order.</param>
/// <param name="Removed">Delta: what the client is to drop.</param>
internal sealed record Response(
    ResourceGroup Group, ImmutableArray<EncodedResource> Resources, ImmutableArray<string> Removed)
{
    /// <summary>It carries the whole group: the bytes can be shared.</summary>
    public bool IsWholeGroup => Resources == Group.Resources;
}
