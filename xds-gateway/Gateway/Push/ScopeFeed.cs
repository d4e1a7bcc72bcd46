using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>What the streams of one scope are brought to.</summary>
/// <param name="Picture">The picture it was made from.</param>
/// <param name="Translation">
/// Of it, or of the last picture that could be translated; null when none could ever be.
/// </param>
internal sealed record ScopeState(PushPicture Picture, ScopeTranslation? Translation)
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
            var state = new ScopeState(picture, Translate(before?.Translation, picture));
            _current = state;
            if (before is not null && Concerns(before, state)) Wake();
        }
    }

    // One that cannot be translated leaves the proxies with what they have.
    private ScopeTranslation? Translate(ScopeTranslation? before, PushPicture picture)
    {
        try
        {
            return before?.After(picture.Index) ?? ScopeTranslation.Of(picture.Index, scope);
        }
        catch (Exception exception)
        {
            onFailed(exception, scope, picture);
            return before;
        }
    }

    // A revision is told even where it changes nothing; the roots are part of what streams send beside the resources.
    private static bool Concerns(ScopeState before, ScopeState after) =>
        !ReferenceEquals(before.Resources, after.Resources)
        || before.Picture.Revision != after.Picture.Revision
        || !ReferenceEquals(before.Picture.Snapshot.Bundles, after.Picture.Snapshot.Bundles);

    private void Wake()
    {
        lock (_joining)
        {
            foreach (var follower in _followers) follower.Wake();
        }
    }
}

/// <summary>A stream that follows a scope.</summary>
internal interface IFeedFollower
{
    /// <summary>There is news. Any thread may say so; must be quick and must not throw.</summary>
    void Wake();
}
