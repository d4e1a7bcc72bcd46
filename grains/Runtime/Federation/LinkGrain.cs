using MeshOrleans.Model.Identity;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Grains.Federation;

internal sealed partial class LinkGrain(
    [PersistentState("link", StorageNames.Mesh)] IPersistentState<LinkState> store,
    TimeProvider clock,
    ILogger<LinkGrain> logger) : Grain, ILinkGrain
{
    private readonly RevocationTeller _revocations = new(clock);

    private string Name => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        store.TellAsync(GrainFactory.GetMeshSnapshot(), cancellationToken);

    public async Task<LinkResult> EstablishAsync(LinkTerms terms, CancellationToken cancellationToken)
    {
        if (LinkRules.WhyNot(Name, terms) is { } reason) return Refuse(reason);
        if (!TrustDomain.TryParse(terms.TrustDomain, out _))
        {
            return Refuse($"'{terms.TrustDomain}' is no trust domain.");
        }

        var held = await Trust(terms.TrustDomain).HoldAsync(Name, terms.RootsPem, cancellationToken);
        if (held is LinkResult.Refused refused) return Refuse(refused.Reason);
        var before = store.State.Terms?.TrustDomain;
        await CommitAsync(LinkMachine.Establish(store.State, Name, terms));
        if (before is not null && before != terms.TrustDomain)
        {
            await Trust(before).ReleaseAsync(Name, CancellationToken.None);
        }

        LogEstablished(Name, terms.TrustDomain, terms.Address);
        return held;
    }

    public async Task<LinkResult> ImportAsync(ImportedState state, CancellationToken cancellationToken)
    {
        if (store.State.Terms is not { } terms) return Refuse("There is no such link.");
        var domain = TrustDomain.Parse(terms.TrustDomain);
        if (!LinkRules.TryRead(Name, domain, state.Services, out var services, out var reason)) return Refuse(reason);

        // The roots first: an endpoint is of no use before its certificate can be verified.
        var held = await Trust(terms.TrustDomain).HoldAsync(Name, state.RootsPem, cancellationToken);
        if (held is LinkResult.Refused refused) return Refuse(refused.Reason);
        await CommitAsync(LinkMachine.Import(store.State, Name, state.RootsPem, services, clock.GetUtcNow()));
        if (state.CrlsPem is not { IsDefault: false } lists) return held;
        var told = await _revocations.TellAsync(Trust(terms.TrustDomain), Name, lists, cancellationToken);
        return told is LinkResult.Refused(var why) ? Refuse(why) : told;
    }

    public Task NoteFailureAsync(string error, CancellationToken cancellationToken) =>
        CommitAsync(LinkMachine.NoteFailure(store.State, Name, error));

    public async Task<bool> RemoveAsync(CancellationToken cancellationToken)
    {
        if (store.State.Terms is not { } terms) return false;
        await Trust(terms.TrustDomain).ReleaseAsync(Name, cancellationToken);
        await CommitAsync(LinkMachine.Remove(store.State));
        LogRemoved(Name);
        return true;
    }

    public Task<LinkTerms?> FindTermsAsync(CancellationToken cancellationToken) => Task.FromResult(store.State.Terms);

    private IPeerTrustGrain Trust(string domain) => GrainFactory.GetGrain<IPeerTrustGrain>(domain);

    private Task CommitAsync(LinkState next) => ReferenceEquals(next, store.State)
        ? Task.CompletedTask
        : this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());

    private LinkResult.Refused Refuse(string reason)
    {
        LogRefused(Name, reason);
        return new LinkResult.Refused(reason);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Link {Link} to {TrustDomain} at {Address} is established.")]
    private partial void LogEstablished(string link, string trustDomain, string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "Link {Link} is removed.")]
    private partial void LogRemoved(string link);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Link {Link} refused what it was given: {Reason}")]
    private partial void LogRefused(string link, string reason);
}
