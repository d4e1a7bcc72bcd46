namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>What is revoked at present: by the lists of the mesh and of linked ones, and by files of this machine.</summary>
internal sealed class Revocations
{
    private readonly ProxyState _state;

    public Revocations(ProxyState state, RevokedFiles files)
    {
        (_state, Files) = (state, files);
        state.TrustChanged += _ => Changed?.Invoke();
        state.Applied += () => Changed?.Invoke(); // which may name other files
        files.Changed += () => Changed?.Invoke();
    }

    /// <summary>Raised when peers that were good may be so no longer.</summary>
    public event Action? Changed;

    /// <summary>The files of this machine.</summary>
    public RevokedFiles Files { get; }

    /// <summary>Why what a peer has shown is good no longer, in words; null when it still is.</summary>
    /// <param name="shown">What it has shown; null for nothing.</param>
    /// <param name="file">The file that decides on peers that are not of the mesh; empty for none.</param>
    public string? FindFault(ShownChain? shown, string file)
    {
        if (shown is null) return null;
        if (shown.Identity is not null) return _state.Identity is { } own ? shown.FindIn(own.Revoked)?.ToString() : null;
        return file.Length > 0 && shown.FindIn(Files.Find(file)) is { } subject ? $"{subject} is revoked." : null;
    }
}
