using MeshOrleans.Model.Config;

namespace MeshOrleans.Xds.Translation.Scopes;

/// <summary>How near to a port the policy stands that decides about it.</summary>
public enum AuthenticationLevel
{
    /// <summary>No policy speaks of it: PERMISSIVE.</summary>
    Default,

    /// <summary>The root namespace's.</summary>
    Mesh,

    /// <summary>The workload's namespace's.</summary>
    Namespace,

    /// <summary>One that selects the workload.</summary>
    Workload,

    /// <summary>One that selects the workload and speaks of the port by number.</summary>
    Port,
}

/// <summary>Whether a workload port demands mesh mTLS, and who says so.</summary>
/// <param name="Mode">The mode; never unset.</param>
/// <param name="Policy">The policy that decides; null for the default.</param>
/// <param name="Level">How near to the port it stands.</param>
public readonly record struct AuthenticationInForce(MutualTlsMode Mode, ConfigKey? Policy, AuthenticationLevel Level)
{
    /// <summary>PERMISSIVE, without a policy.</summary>
    public static AuthenticationInForce Default { get; } =
        new(MutualTlsMode.Permissive, null, AuthenticationLevel.Default);
}
