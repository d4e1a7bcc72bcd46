namespace MeshOrleans.Model.Identity.Revocation;

/// <summary>The reasons by the names that people read and write, such as <c>key-compromise</c>.</summary>
public static class RevocationReasonNames
{
    // What an operator of this mesh can say: nothing else is true of the certificate of a workload.
    private static readonly RevocationReason[] _sayable =
    [
        RevocationReason.Unspecified,
        RevocationReason.KeyCompromise,
        RevocationReason.AffiliationChanged,
        RevocationReason.Superseded,
        RevocationReason.CessationOfOperation,
        RevocationReason.PrivilegeWithdrawn,
    ];

    /// <summary>The names that <see cref="TryParse"/> takes, for messages.</summary>
    public static string Sayable { get; } = string.Join(", ", _sayable.Select(NameOf));

    /// <summary>The name of a reason; its number where it has none.</summary>
    public static string NameOf(RevocationReason reason) => reason switch
    {
        RevocationReason.Unspecified => "unspecified",
        RevocationReason.KeyCompromise => "key-compromise",
        RevocationReason.CaCompromise => "ca-compromise",
        RevocationReason.AffiliationChanged => "affiliation-changed",
        RevocationReason.Superseded => "superseded",
        RevocationReason.CessationOfOperation => "cessation-of-operation",
        RevocationReason.CertificateHold => "certificate-hold",
        RevocationReason.PrivilegeWithdrawn => "privilege-withdrawn",
        RevocationReason.AaCompromise => "aa-compromise",
        _ => $"reason {(int)reason}",
    };

    /// <summary>Reads a reason that an operator gives.</summary>
    public static bool TryParse(string name, out RevocationReason reason)
    {
        foreach (var one in _sayable)
        {
            if (!string.Equals(NameOf(one), name, StringComparison.OrdinalIgnoreCase)) continue;
            reason = one;
            return true;
        }

        reason = default;
        return false;
    }
}
