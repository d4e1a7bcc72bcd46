namespace MeshOrleans.Cli.Connection;

/// <summary>What proves who asks, and the file it came from: the admin credential or a join token.</summary>
internal sealed record Credential(string Token, string File)
{
    private const string FileName = "admin-token";
    private const int MaxLength = 4096;

    /// <summary>The admin credential: the flag wins over the variable, that over the file in the data folder.</summary>
    /// <exception cref="CliException">The file is not there or holds no credential.</exception>
    public static Credential ReadAdmin(string? tokenFile, string dataFolder, CliHost host)
    {
        var path = tokenFile ?? host.Variable("MESH_ADMIN_TOKEN_FILE") ?? Path.Combine(dataFolder, FileName);
        string text;
        try
        {
            text = System.IO.File.ReadAllText(path).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException(
                $"cannot read the admin credential: {exception.Message} "
                + "It is DATA/admin-token of the control plane; name it with --token-file FILE or --data DIR");
        }

        return text.Length is > 0 and <= MaxLength && text.All(c => c is > ' ' and < (char)0x7f)
            ? new Credential(text, path)
            : throw new CliException($"{path} does not hold a credential");
    }

    public override string ToString() => $"Credential {{ File = {File} }}";
}
