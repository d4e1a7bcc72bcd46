namespace MeshOrleans.Model;

/// <summary>What the runtime's timers can do.</summary>
public static class Timers
{
    /// <summary>
    /// The longest span that every timer of the runtime takes (2^31 ms), in whole days: whatever is to last longer lasts as
    /// good as for ever.
    /// </summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(24);
}
