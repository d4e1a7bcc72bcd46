using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads;

/// <summary>
/// Makes join tokens and uses them up. The secret leaves this process once, in the answer to whoever asked.
/// </summary>
public sealed class JoinTokens(IGrainFactory grains)
{
    /// <summary>The purpose of a token that lets one workload join.</summary>
    public const string WorkloadPurpose = "workload";

    /// <summary>The purpose of a token that lets one mesh link itself to this one.</summary>
    public const string PeerPurpose = "peer";

    /// <summary>A new token with the rights of the grant, pinned to the root that signs.</summary>
    public async Task<JoinToken> MintAsync(JoinTokenGrant grant, CancellationToken cancellationToken)
    {
        var authority = grains.GetGrain<ICertificateAuthorityGrain>(MeshKeys.Default);
        var bundle = await authority.GetBundleAsync(cancellationToken);
        using var root = X509Certificate2.CreateFromPem(bundle.SigningRootPem ?? bundle.RootsPem[0]);
        return await MintAsync(JoinToken.Create(root, RandomNumberGenerator.Fill), grant, cancellationToken);
    }

    /// <summary>
    /// The token that follows from a used one for what it was used for. A repetition of the request gets the same one
    /// again, used or not: it is no second credential.
    /// </summary>
    public Task<JoinToken> MintAfterAsync(
        JoinToken used, string claim, JoinTokenGrant grant, CancellationToken cancellationToken) =>
        MintAsync(used.Derive(claim), grant, cancellationToken);

    /// <summary>Uses a token up, unless it is for something else; the use is to be finished with <see cref="FinishAsync"/>.</summary>
    /// <param name="token">The token.</param>
    /// <param name="purpose">What it must have been minted for.</param>
    /// <param name="usedBy">Who uses it, for the record.</param>
    /// <param name="claim">
    /// What a repetition of the request has in common with it (<see cref="ClaimOf"/>); empty when there is none.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The grant, or null and a sentence that says why not.</returns>
    public async Task<(JoinTokenGrant? Grant, string Refusal)> RedeemAsync(
        JoinToken token, string purpose, string usedBy, string claim, CancellationToken cancellationToken)
    {
        var look = GrantOf(await LookAsync(token, claim, cancellationToken), purpose);
        return look.Grant is null ? look : GrantOf(await RedeemAsync(token, usedBy, claim, cancellationToken), purpose);
    }

    /// <summary>Uses a token up for whatever it is; the use is to be finished.</summary>
    internal Task<RedeemResult> RedeemAsync(
        JoinToken token, string usedBy, string claim, CancellationToken cancellationToken) =>
        grains.GetGrain<IJoinTokenGrain>(token.Hash).RedeemAsync(usedBy, claim, cancellationToken);

    /// <summary>What would become of an attempt to use a token now; nothing is used up.</summary>
    internal Task<RedeemResult> LookAsync(JoinToken token, string claim, CancellationToken cancellationToken) =>
        grains.GetGrain<IJoinTokenGrain>(token.Hash).LookAsync(claim, cancellationToken);

    /// <summary>What a used token allows, or null and a sentence that says why nothing.</summary>
    internal static (JoinTokenGrant? Grant, string Refusal) GrantOf(RedeemResult result, string purpose) =>
        result switch
        {
            RedeemResult.Granted(var grant) when grant.Purpose == purpose => (grant, ""),
            RedeemResult.Granted(var grant) => (null, $"The token was minted for '{grant.Purpose}', not for '{purpose}'."),
            RedeemResult.Used(var at) => (null, $"The token was used before, at {at:O}; mint a new one."),
            RedeemResult.Expired(var at) => (null, $"The token expired at {at:O}; mint a new one."),
            _ => (null, "This control plane never minted that token."),
        };

    /// <summary>What the token was used for has been done; for five minutes the very same request is still answered.</summary>
    public Task FinishAsync(JoinToken token, CancellationToken cancellationToken) =>
        grains.GetGrain<IJoinTokenGrain>(token.Hash).FinishAsync(cancellationToken);

    /// <summary>What a request is recognised by when it is repeated, from what makes it that one.</summary>
    public static string ClaimOf(params ReadOnlySpan<string> parts) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(ListOf(parts))));

    /// <summary>Some texts as one, from which they could be told apart again.</summary>
    internal static string ListOf(params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts) text.Append(part.Length).Append(':').Append(part);
        return text.ToString();
    }

    private async Task<JoinToken> MintAsync(
        JoinToken token, JoinTokenGrant grant, CancellationToken cancellationToken)
    {
        await grains.GetGrain<IJoinTokenGrain>(token.Hash).MintAsync(grant, cancellationToken);
        return token;
    }
}
