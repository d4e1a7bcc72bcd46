using System.Security.Cryptography;
using System.Text.Json;
using MeshOrleans.Proxy.Sidecar.State;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>Key, certificate and trust bundles on disk, so that a restart needs nobody.</summary>
internal sealed partial class IdentityStore(StateFolder folder, ILogger<IdentityStore> logger)
{
    public const string SvidFile = "svid.key";
    public const string TrustFile = "trust-bundle.json";
    private const int MaxBytes = 16 << 20; // of what is revoked, mostly

    /// <summary>The saved certificate, or null; a damaged file is reported and counts as none.</summary>
    public Svid? LoadSvid() => Load(SvidFile, Svid.FromFile);

    /// <summary>The saved bundles, or null; a damaged file is reported and counts as none.</summary>
    public Trust? LoadTrust() => Load(TrustFile, bytes =>
        TrustFileFormat.TryRead(bytes, out var trust) is { } problem ? throw new JsonException(problem) : trust);

    public void Save(Svid svid) => Save(SvidFile, svid.ToFile());

    public void Save(Trust trust) => Save(TrustFile, TrustFileFormat.Write(trust));

    private T? Load<T>(string file, Func<byte[], T?> read)
        where T : class
    {
        try
        {
            return folder.Read(file, MaxBytes) is { } bytes ? read(bytes) : null;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException or JsonException)
        {
            LogUnreadable(folder.PathOf(file), exception.Message);
            return null;
        }
    }

    // A full disk must not stop a rotation: the certificate works without its copy.
    private void Save(string file, byte[] bytes)
    {
        try
        {
            folder.Write(file, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnsaved(folder.PathOf(file), exception.Message);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes); // there may be a key in it
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} cannot be used and is ignored: {Reason}.")]
    private partial void LogUnreadable(string file, string reason);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "{File} cannot be written; a restart will need the control plane: {Reason}.")]
    private partial void LogUnsaved(string file, string reason);
}
