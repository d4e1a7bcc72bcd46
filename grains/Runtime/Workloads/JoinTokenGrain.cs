using Microsoft.Extensions.Logging;

namespace MeshOrleans.Grains.Workloads;

/// <remarks>
/// The use is saved before it is granted: of two activations, after the loss of a silo, the store lets one through. That
/// it is finished is saved before whoever used it is answered; for five minutes from then on an answer that was lost on
/// its way can be asked for again.
/// </remarks>
internal sealed partial class JoinTokenGrain(
    [PersistentState("token", StorageNames.Mesh)] IPersistentState<JoinTokenState> store,
    TimeProvider clock,
    ILogger<JoinTokenGrain> logger) : Grain, IJoinTokenGrain
{
    public async Task MintAsync(JoinTokenGrant grant, CancellationToken cancellationToken)
    {
        if (store.State.Grant is { } known)
        {
            // a repeated request; its end stays, and so does what the policy of the first one made of it
            if (known with { ExpiresAt = grant.ExpiresAt, OnlyFirst = grant.OnlyFirst } == grant) return;
            throw new InvalidOperationException("This token has been minted before, for something else.");
        }

        await this.SaveAsync(store, new JoinTokenState { Grant = grant });
        LogMinted(grant.Purpose, grant.Namespace, grant.ServiceAccount, grant.ExpiresAt);
    }

    public async Task<RedeemResult> RedeemAsync(string usedBy, string claim, CancellationToken cancellationToken)
    {
        var (next, result) = JoinTokenMachine.Redeem(store.State, usedBy, claim, clock.GetUtcNow());
        if (!ReferenceEquals(next, store.State)) await this.SaveAsync(store, next);
        LogRedeemed(result.GetType().Name, usedBy);
        return result;
    }

    public Task<RedeemResult> LookAsync(string claim, CancellationToken cancellationToken)
    {
        var (_, result) = JoinTokenMachine.Redeem(store.State, "", claim, clock.GetUtcNow());
        if (result is not RedeemResult.Granted) LogNotGood(result.GetType().Name);
        return Task.FromResult(result);
    }

    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        var next = JoinTokenMachine.Finish(store.State, clock.GetUtcNow());
        if (!ReferenceEquals(next, store.State)) await this.SaveAsync(store, next);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "A join token for {Purpose} {Namespace}/{ServiceAccount} was minted, good until {ExpiresAt}.")]
    private partial void LogMinted(string purpose, string @namespace, string serviceAccount, DateTimeOffset expiresAt);

    [LoggerMessage(Level = LogLevel.Information, Message = "A join token was presented that is not good: {Outcome}.")]
    private partial void LogNotGood(string outcome);

    [LoggerMessage(Level = LogLevel.Information, Message = "A join token was presented by {UsedBy}: {Outcome}.")]
    private partial void LogRedeemed(string outcome, string usedBy);
}
