namespace MeshOrleans.Model.Identity.Revocation;

/// <summary>Why a certificate is not to be believed any more, by the numbers of X.509.</summary>
/// <remarks>
/// Source: RFC 5280 section 5.3.1. Holds and their end (6 and 8) are not among what this mesh says itself; a hold that
/// somebody else's list tells counts as a revocation.
/// </remarks>
public enum RevocationReason
{
    /// <summary>Nobody has said why.</summary>
    Unspecified = 0,

    /// <summary>Somebody else has, or may have, its key.</summary>
    KeyCompromise = 1,

    /// <summary>Somebody else has the key of its issuer.</summary>
    CaCompromise = 2,

    /// <summary>Its names are not true any more.</summary>
    AffiliationChanged = 3,

    /// <summary>Another one is in its place.</summary>
    Superseded = 4,

    /// <summary>Nobody needs it any more.</summary>
    CessationOfOperation = 5,

    /// <summary>Suspended for now.</summary>
    CertificateHold = 6,

    /// <summary>Its holder has lost what it stood for.</summary>
    PrivilegeWithdrawn = 9,

    /// <summary>Somebody else has the key of an attribute authority.</summary>
    AaCompromise = 10,
}
