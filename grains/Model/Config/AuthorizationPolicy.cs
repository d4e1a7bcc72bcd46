using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>What a matching policy does.</summary>
public enum AuthorizationAction
{
    /// <summary>Allows; once any such policy is there, all else is refused.</summary>
    Allow,

    /// <summary>Refuses, whatever allows.</summary>
    Deny,

    /// <summary>Marks for audit; never changes the verdict.</summary>
    Audit,

    /// <summary>Asks an external authorizer.</summary>
    Custom,
}

/// <summary>Who may call what (security.istio.io).</summary>
public sealed record AuthorizationPolicy : ConfigSpec
{
    /// <summary>
    /// The workloads it is for; null means all of the namespace, or of the mesh in the root namespace.
    /// </summary>
    public WorkloadSelector? Selector { get; init; }

    /// <summary>The resources it is attached to; exclusive with <see cref="Selector"/>.</summary>
    public ImmutableArray<PolicyTarget> TargetRefs { get; init; } = [];

    /// <summary>What a match does.</summary>
    public AuthorizationAction Action { get; init; }

    /// <summary>The external authorizer of <see cref="AuthorizationAction.Custom"/>; null when not given.</summary>
    public string? Provider { get; init; }

    /// <summary>Rules, any of which will do; none matches nothing.</summary>
    public ImmutableArray<AuthorizationRule> Rules { get; init; } = [];
}

/// <summary>A condition on a request: source, operation and conditions must all match.</summary>
public sealed record AuthorizationRule
{
    /// <summary>Sources, any of which will do; none means any source.</summary>
    public ImmutableArray<AuthorizationSource> From { get; init; } = [];

    /// <summary>Operations, any of which will do; none means any operation.</summary>
    public ImmutableArray<AuthorizationOperation> To { get; init; } = [];

    /// <summary>Further conditions, all of which must hold.</summary>
    public ImmutableArray<AuthorizationCondition> When { get; init; } = [];
}

/// <summary>
/// Who calls. Within a list any value will do; all lists that are given must match, and the <c>Not</c> lists must not.
/// </summary>
public sealed record AuthorizationSource
{
    /// <summary>Peer identities, <c>trust-domain/ns/NAMESPACE/sa/ACCOUNT</c>.</summary>
    public ImmutableArray<string> Principals { get; init; } = [];

    /// <summary>Peer identities that do not match.</summary>
    public ImmutableArray<string> NotPrincipals { get; init; } = [];

    /// <summary>Token identities, <c>issuer/subject</c>.</summary>
    public ImmutableArray<string> RequestPrincipals { get; init; } = [];

    /// <summary>Token identities that do not match.</summary>
    public ImmutableArray<string> NotRequestPrincipals { get; init; } = [];

    /// <summary>Namespaces of the peer identity.</summary>
    public ImmutableArray<string> Namespaces { get; init; } = [];

    /// <summary>Namespaces that do not match.</summary>
    public ImmutableArray<string> NotNamespaces { get; init; } = [];

    /// <summary>Addresses of the direct peer.</summary>
    public ImmutableArray<string> IpBlocks { get; init; } = [];

    /// <summary>Addresses that do not match.</summary>
    public ImmutableArray<string> NotIpBlocks { get; init; } = [];

    /// <summary>Addresses of the original client, by trusted forwarding headers.</summary>
    public ImmutableArray<string> RemoteIpBlocks { get; init; } = [];

    /// <summary>Addresses of the original client that do not match.</summary>
    public ImmutableArray<string> NotRemoteIpBlocks { get; init; } = [];

    /// <summary>Service accounts, <c>namespace/account</c> or <c>account</c> of the policy's namespace.</summary>
    public ImmutableArray<string> ServiceAccounts { get; init; } = [];

    /// <summary>Service accounts that do not match.</summary>
    public ImmutableArray<string> NotServiceAccounts { get; init; } = [];

    /// <summary>Trust domains of the peer identity.</summary>
    public ImmutableArray<string> TrustDomains { get; init; } = [];

    /// <summary>Trust domains that do not match.</summary>
    public ImmutableArray<string> NotTrustDomains { get; init; } = [];
}

/// <summary>What is called. Lists combine as in <see cref="AuthorizationSource"/>.</summary>
public sealed record AuthorizationOperation
{
    /// <summary>Authorities, without regard to case.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>Authorities that do not match.</summary>
    public ImmutableArray<string> NotHosts { get; init; } = [];

    /// <summary>Workload ports, as text.</summary>
    public ImmutableArray<string> Ports { get; init; } = [];

    /// <summary>Workload ports that do not match.</summary>
    public ImmutableArray<string> NotPorts { get; init; } = [];

    /// <summary>Methods.</summary>
    public ImmutableArray<string> Methods { get; init; } = [];

    /// <summary>Methods that do not match.</summary>
    public ImmutableArray<string> NotMethods { get; init; } = [];

    /// <summary>Paths or path templates.</summary>
    public ImmutableArray<string> Paths { get; init; } = [];

    /// <summary>Paths that do not match.</summary>
    public ImmutableArray<string> NotPaths { get; init; } = [];
}

/// <summary>A condition on an attribute.</summary>
/// <param name="Key">The attribute, e.g. <c>request.headers[x-token]</c>.</param>
/// <param name="Values">Values of which one must match.</param>
/// <param name="NotValues">Values that must not match.</param>
public sealed record AuthorizationCondition(
    string Key,
    ImmutableArray<string> Values,
    ImmutableArray<string> NotValues);
