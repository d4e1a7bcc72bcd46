using System.Collections.Immutable;
using Orleans.Concurrency;

namespace MeshOrleans.Grains.Subscriptions;

/// <summary>
/// Which gateway processes live: who has not been heard of for a while is gone, and with it every stream it held. Key:
/// <see cref="MeshKeys.Default"/>. Calls nobody and saves nothing, so no call of it need wait for another.
/// </summary>
[Alias("mesh.IGatewayDirectoryGrain")]
public interface IGatewayDirectoryGrain : IGrainWithStringKey
{
    /// <summary>A gateway lives. It says so every few seconds.</summary>
    [AlwaysInterleave, Alias("Beat")]
    Task BeatAsync(GatewayBeat beat, CancellationToken cancellationToken);

    /// <summary>A gateway ends in good order: it is gone at once.</summary>
    [AlwaysInterleave, Alias("Leave")]
    Task LeaveAsync(string name, CancellationToken cancellationToken);

    /// <summary>The gateways that live.</summary>
    [AlwaysInterleave, Alias("List")]
    Task<GatewayListing> ListAsync(CancellationToken cancellationToken);
}

/// <summary>What a gateway says of itself.</summary>
/// <param name="Name">Its name, unique for each start of a process.</param>
/// <param name="XdsAddress">Where it serves xDS over TLS, <c>host:port</c>; empty when unknown.</param>
/// <param name="ApiAddress">Where the REST API beside it answers, as a URL; empty when there is none.</param>
/// <param name="Streams">How many streams it holds.</param>
[GenerateSerializer, Immutable, Alias("mesh.GatewayBeat")]
public sealed record GatewayBeat(
    [property: Id(0)] string Name,
    [property: Id(1)] string XdsAddress,
    [property: Id(2)] string ApiAddress,
    [property: Id(3)] int Streams);

/// <summary>A gateway that lives.</summary>
/// <param name="Beat">What it said last.</param>
/// <param name="LastHeard">How long ago that was.</param>
[GenerateSerializer, Immutable, Alias("mesh.GatewayView")]
public sealed record GatewayView([property: Id(0)] GatewayBeat Beat, [property: Id(1)] TimeSpan LastHeard);

/// <summary>The gateways that live, as far as is known.</summary>
/// <param name="Gateways">By name.</param>
/// <param name="IsComplete">
/// False while the directory itself is so young that a gateway may live and not have said so yet.
/// </param>
[GenerateSerializer, Immutable, Alias("mesh.GatewayListing")]
public sealed record GatewayListing(
    [property: Id(0)] ImmutableArray<GatewayView> Gateways, [property: Id(1)] bool IsComplete)
{
    /// <summary>The gateway of this name; null when it is not among those that live.</summary>
    public GatewayView? Find(string name) => Gateways.FirstOrDefault(g => g.Beat.Name == name);

    /// <summary>Whether a gateway is known to be gone.</summary>
    public bool IsGone(string name) => IsComplete && Find(name) is null;
}
