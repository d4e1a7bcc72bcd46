namespace MeshOrleans.Silo.Access.Ended;

/// <summary>What the access file says of certificates that have ended.</summary>
/// <param name="Grace">
/// For how long after its end a certificate is good for another one; zero, the default, for never. Seven days at the
/// most.
/// </param>
/// <param name="GrantsRoles">Whether it is proof enough for identities that have roles at the API.</param>
internal sealed record EndedPolicy(TimeSpan Grace, bool GrantsRoles)
{
    /// <summary>They do not count.</summary>
    public static EndedPolicy Off { get; } = new(TimeSpan.Zero, GrantsRoles: false);
}
