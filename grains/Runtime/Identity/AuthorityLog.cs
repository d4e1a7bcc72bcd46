using Microsoft.Extensions.Logging;

namespace MeshOrleans.Grains.Identity;

/// <summary>What the authority says of its own roots.</summary>
internal static partial class AuthorityLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Creating the certificate authority of {TrustDomain}.")]
    public static partial void Creating(this ILogger logger, string trustDomain);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Certificate {Serial} of '{SpiffeId}' is revoked ({Reason}); it would have ended at {NotAfter:u}.")]
    public static partial void Revoked(
        this ILogger logger, string serial, string spiffeId, string reason, DateTimeOffset notAfter);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Plugged-in lists of revoked certificates are taken over: {Lists} of them, with {Entries} entries.")]
    public static partial void RevokedPlugged(this ILogger logger, int lists, int entries);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The plugged-in list of revoked certificates is not taken over, and what is in use stays: {Reason}")]
    public static partial void RevokedNotPlugged(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The signing certificate of {TrustDomain} was renewed.")]
    public static partial void SignerRenewed(this ILogger logger, string trustDomain);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The keys of the root that signed are gone; {Root} is the only one from now on.")]
    public static partial void KeysGone(this ILogger logger, string root);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Root {Next} is published beside {Root}, to follow it.")]
    public static partial void Published(this ILogger logger, string next, string root);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Root {Root} signs from now on; {Holding} proxies have it. The other one leaves at {LeavesAt:u}.")]
    public static partial void Signs(this ILogger logger, string root, int holding, DateTimeOffset? leavesAt);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Root {Root} signs now although {Count} proxies did not have it in time, among them {Proxies}.")]
    public static partial void SignsWithout(this ILogger logger, string root, int count, string proxies);

    [LoggerMessage(Level = LogLevel.Information, Message = "Root {Root} is the only one from now on.")]
    public static partial void Alone(this ILogger logger, string root);

    [LoggerMessage(Level = LogLevel.Information, Message = "The plugged-in signing certificate {Signer} is in use.")]
    public static partial void Plugged(this ILogger logger, string signer);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "The plugged-in authority is not taken over; what is in use stays: {Reason}")]
    public static partial void NotPlugged(this ILogger logger, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Who has the mesh's roots could not be found out; asking again: {Reason}")]
    public static partial void AudienceUnknown(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The certificate authority needs attention: {Warning}")]
    public static partial void NeedsAttention(this ILogger logger, string warning);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "An operator ends phase {Phase} of the rotation by force: whoever has only the former root, or a certificate "
            + "under it, is cut off.")]
    public static partial void Forced(this ILogger logger, AuthorityPhase phase);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Root {Root} comes to its end; another one is made to follow it.")]
    public static partial void RootEnds(this ILogger logger, string root);

    [LoggerMessage(Level = LogLevel.Error, Message = "The rotation of the root could not go on; trying again.")]
    public static partial void StepFailed(this ILogger logger, Exception exception);
}
