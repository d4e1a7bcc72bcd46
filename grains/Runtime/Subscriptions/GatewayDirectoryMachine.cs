namespace MeshOrleans.Grains.Subscriptions;

/// <summary>Which gateways live. Time is the age of the directory, on a clock that nobody sets.</summary>
internal static class GatewayDirectoryMachine
{
    /// <summary>How long a gateway may be silent; three of its beats.</summary>
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(15);

    /// <summary>A gateway was heard of; those that have been silent too long are forgotten.</summary>
    public static GatewayDirectoryState Beat(GatewayDirectoryState state, GatewayBeat beat, TimeSpan now)
    {
        var silent = state.Gateways.Where(g => IsSilent(g.Value, now)).Select(g => g.Key);
        return state with
        {
            Gateways = state.Gateways.RemoveRange(silent).SetItem(beat.Name, new HeardGateway(beat, now)),
        };
    }

    /// <summary>A gateway has said good-bye.</summary>
    public static GatewayDirectoryState Leave(GatewayDirectoryState state, string name) =>
        state with { Gateways = state.Gateways.Remove(name) };

    /// <summary>The gateways that live; the list is complete once each has had the time to be heard of.</summary>
    public static GatewayListing List(GatewayDirectoryState state, TimeSpan now) => new(
        [
            .. state.Gateways.Values
                .Where(g => !IsSilent(g, now))
                .OrderBy(g => g.Beat.Name, StringComparer.Ordinal)
                .Select(g => new GatewayView(g.Beat, now - g.At)),
        ],
        IsComplete: now >= _silence);

    private static bool IsSilent(HeardGateway gateway, TimeSpan now) => now - gateway.At >= _silence;
}
