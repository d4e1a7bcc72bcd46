namespace MeshOrleans.Silo.Mtls;

/// <summary>What a configuration means for somebody who was seen in plaintext.</summary>
internal enum CallerStanding
{
    /// <summary>It was served, and would be refused.</summary>
    WouldBeRefused,

    /// <summary>
    /// It was seen while the port took plaintext only, and has a sidecar, which uses mesh mTLS by itself since that is
    /// not so any more: it says nothing about today.
    /// </summary>
    Outdated,

    /// <summary>A policy that stands nearer lets it in still.</summary>
    Exempt,

    /// <summary>The port demands mesh mTLS as it is.</summary>
    Refused,
}
