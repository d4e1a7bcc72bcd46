namespace MeshOrleans.Model.Identity.Revocation;

/// <summary>One certificate of a list of revoked ones.</summary>
/// <param name="Serial">Its serial number, as <see cref="SerialNumber"/> writes it.</param>
/// <param name="RevokedAt">Since when.</param>
/// <param name="Reason">Why.</param>
public sealed record RevokedCertificate(string Serial, DateTimeOffset RevokedAt, RevocationReason Reason)
{
    /// <summary>What is said of it to whoever is refused, and in logs.</summary>
    public override string ToString() =>
        $"Certificate {Serial} was revoked at {RevokedAt.UtcDateTime:u} ({RevocationReasonNames.NameOf(Reason)}).";
}
