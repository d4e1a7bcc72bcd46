using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>What the streams of one scope are brought to.</summary>
/// <param name="Picture">The picture it was made from.</param>
/// <param name="Translation">
/// Of it, or of the last picture that could be translated; null when none could ever be.
/// </param>
/// <param name="Revision">The newest configuration revision that the translation reflects.</param>
internal sealed record ScopeState(PushPicture Picture, ScopeTranslation? Translation, long Revision)
{
    /// <summary>The resources; null when none could ever be made.</summary>
    public ResourceSet? Resources => Translation?.Resources;
}

/// <summary>One proxy scope: its translation, carried from picture to picture, and the streams that follow it.</summary>
/// <param name="scope">Which.</param>
/// <param name="onFailed">Told when a picture cannot be translated.</param>
internal sealed class ScopeFeed(ProxyScope scope, Action<Exception, ProxyScope, PushPicture> onFailed)
{
    private readonly Lock _translating = new();
    private readonly Lock _joining = new();
    private readonly HashSet<IFeedFollower> _followers = [];
    private bool _isGivenUp;
    private volatile ScopeState? _current;

    /// <summary>Which scope it is.</summary>
    public ProxyScope Scope => scope;

    /// <summary>The newest; null before the first translation.</summary>
    public ScopeState? Current => _current;

    /// <summary>Whether nobody follows.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_joining) return _followers.Count == 0;
        }
    }

    /// <summary>Begins to follow; false when it has been given up meanwhile.</summary>
    public bool TryJoin(IFeedFollower follower)
    {
        lock (_joining) return !_isGivenUp && _followers.Add(follower);
    }

    /// <summary>Gives it up for ever, unless somebody follows.</summary>
    public bool TryGiveUp()
    {
        lock (_joining) return _isGivenUp = _followers.Count == 0;
    }

    public void Leave(IFeedFollower follower)
    {
        lock (_joining) _followers.Remove(follower);
    }

    /// <summary>
    /// Brings it to the newest picture, and wakes those that follow when it concerns them. Takes as long as a translation.
    /// </summary>
    /// <param name="newest">The newest picture at the time of the call.</param>
    public void Refresh(Func<PushPicture> newest)
    {
        lock (_translating)
        {
            var (before, picture) = (_current, newest());
            if (before?.Picture == picture) return;
            var state = Translate(before, picture);
            _current = state;
            if (before is not null) Tell(before, state);
        }
    }

    // One that cannot be translated leaves the proxies with what they have, and with the revision that it was made of.
    private ScopeState Translate(ScopeState? before, PushPicture picture)
    {
        try
        {
            var next = before?.Translation?.After(picture.Index) ?? ScopeTranslation.Of(picture.Index, scope);
            return new ScopeState(picture, next, picture.Revision);
        }
        catch (Exception exception)
        {
            onFailed(exception, scope, picture);
            return new ScopeState(picture, before?.Translation, before?.Revision ?? 0);
        }
    }

    private void Tell(ScopeState before, ScopeState after)
    {
        var isConcerned = Concerns(before, after);
        if (!isConcerned && before.Revision == after.Revision) return;
        lock (_joining)
        {
            foreach (var follower in _followers)
            {
                if (isConcerned) follower.Wake();
                else follower.Raise(before.Revision, after);
            }
        }
    }

    // The roots are part of what streams send beside the resources, and a stream may have to follow another scope.
    private bool Concerns(ScopeState before, ScopeState after) =>
        !ReferenceEquals(before.Resources, after.Resources)
        || !ReferenceEquals(before.Picture.Snapshot.Bundles, after.Picture.Snapshot.Bundles)
        || (!ReferenceEquals(before.Picture.Index.Facts, after.Picture.Index.Facts)
            && AutoScope.AppliesTo(before.Picture.Index, scope) != AutoScope.AppliesTo(after.Picture.Index, scope));
}

/// <summary>A stream that follows a scope.</summary>
internal interface IFeedFollower
{
    /// <summary>There is news. Any thread may say so; must be quick and must not throw.</summary>
    void Wake();

    /// <summary>
    /// A later revision changes nothing of what it follows. Any thread may say so; must be quick and must not throw.
    /// </summary>
    /// <param name="from">The revision before.</param>
    /// <param name="state">What there is now.</param>
    void Raise(long from, ScopeState state);
}
