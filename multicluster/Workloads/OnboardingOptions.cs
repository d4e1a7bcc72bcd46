namespace MeshOrleans.Multicluster.Workloads;

/// <summary>What new members are told about this control plane.</summary>
public sealed class OnboardingOptions
{
    /// <summary>
    /// Where the gateway answers, <c>host:port</c>; read for each answer, since ports may be picked at start.
    /// </summary>
    public Func<string> XdsAddress { get; set; } = () => "127.0.0.1:15012";

    /// <summary>Whether a join token is good for a node that has had a certificate before; read for each.</summary>
    public Func<bool> JoinTokensReattest { get; set; } = () => true;

    /// <summary>How long the token in a sidecar's configuration is good.</summary>
    public TimeSpan SidecarTokenLifetime { get; set; } = TimeSpan.FromMinutes(15);
}
