using MeshOrleans.Model.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>
/// The join token: read anew each time it is needed, as an operator may have replaced the file
/// meanwhile.
/// </summary>
internal sealed class TokenSource(SidecarSettings settings)
{
    private const int MaxBytes = 4096;

    /// <summary>Whether there may be one.</summary>
    public bool IsGiven => settings.TokenFile is not null || settings.Token is not null;

    /// <summary>The token, or null where none was given.</summary>
    /// <exception cref="IdentityException">The file cannot be read or holds no token.</exception>
    public JoinToken? Read()
    {
        if (settings.TokenFile is not { } path) return settings.Token;
        try
        {
            var file = new FileInfo(path);
            var text = file.Length <= MaxBytes ? File.ReadAllText(path) : null;
            return JoinToken.TryParse(text, out var token)
                ? token
                : throw new IdentityException($"{path} holds no join token of the form mt1.SECRET.PIN");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"the join token cannot be read: {exception.Message}");
        }
    }
}
