using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Xds.Gateway.Secrets;

/// <summary>The certificate a client uses, as far as rotation goes.</summary>
/// <param name="RotateAt">When the next one is due.</param>
/// <param name="Generation">The rotation generation it was signed in.</param>
internal sealed record SvidRotation(DateTimeOffset RotateAt, long Generation)
{
    /// <summary>How long until a new certificate is due; zero or less when it is due now.</summary>
    /// <param name="held">What the client uses; null when that is unknown: then one is due at once.</param>
    /// <param name="record">What the mesh tells of the identity; null when nothing.</param>
    /// <param name="now">The time.</param>
    public static TimeSpan DueIn(SvidRotation? held, IdentityRecord? record, DateTimeOffset now) =>
        held is null ? TimeSpan.Zero
        : record?.Generation > held.Generation ? Sooner(record.DueAt ?? now, held.RotateAt) - now
        : held.RotateAt - now;

    private static DateTimeOffset Sooner(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
