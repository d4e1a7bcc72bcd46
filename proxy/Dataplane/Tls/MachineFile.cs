namespace MeshOrleans.Proxy.Dataplane.Tls;

/// <summary>Files of this machine that configuration names, which may change at any time.</summary>
internal static class MachineFile
{
    /// <summary>The content.</summary>
    /// <exception cref="CredentialException">It cannot be read, or has more than so many bytes.</exception>
    public static byte[] Read(string path, int maxBytes)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > maxBytes) throw new CredentialException($"{path} has more than {maxBytes} bytes");
            var content = new byte[file.Length];
            file.ReadExactly(content);
            return content;
        }
        catch (Exception exception) when (exception is not CredentialException
            && exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CredentialException($"{path} cannot be read ({exception.Message})");
        }
    }

    /// <summary>By what it is seen that a file has changed, and when it was written; -1 when there is none.</summary>
    public static (long Stamp, DateTimeOffset WrittenAt) Look(string path)
    {
        if (path.Length == 0) return (0, default);
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) return (-1, default);

            // a mounted secret is a link through a folder that is a link: only where it ends does it change
            var end = (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
            return end.Exists
                ? (HashCode.Combine(end.LastWriteTimeUtc, end.Length, end.FullName), end.LastWriteTimeUtc)
                : (-1, default);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return (-1, default); // links in a circle, or gone meanwhile: whoever reads it says what is wrong
        }
    }
}
