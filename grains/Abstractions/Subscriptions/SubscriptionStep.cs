namespace MeshOrleans.Grains.Subscriptions;

/// <summary>The one revision that a stream as a whole stands at, where there is one.</summary>
public static class SubscriptionStep
{
    /// <summary>
    /// The revision that all types in step reflect; null when none is in step, or one waits for an answer, or they differ.
    /// A refused type says nothing of revisions.
    /// </summary>
    public static long? Of(IEnumerable<SubscriptionReport> types)
    {
        long? step = null;
        foreach (var type in types)
        {
            if (type.State is SubscriptionState.Nacked) continue;
            if (type.State is not SubscriptionState.Synced || (step ?? type.Revision) != type.Revision) return null;
            step = type.Revision;
        }

        return step;
    }
}
