namespace MeshOrleans.Cli.Connection;

/// <summary>What proves who asks, and where it came from: the admin credential, a token of an issuer or a join token.</summary>
/// <param name="Token">The bearer; empty where a certificate says who asks.</param>
/// <param name="File">The file, option or variable it came from.</param>
internal sealed record Credential(string Token, string File)
{
    private const string Variable = "MESH_TOKEN";

    private const string FileName = "admin-token";
    private const int MaxLength = 16 * 1024;

    /// <summary>
    /// Who asks: a flag wins over a variable, that over the certificate, that over the admin credential in the data folder.
    /// </summary>
    /// <exception cref="CliException">What is named is no credential, or none is there.</exception>
    public static Credential Read(string? token, string? tokenFile, bool hasCertificate, string dataFolder, CliHost host)
    {
        if (token is not null && tokenFile is not null) throw CliException.Usage("--token and --token-file exclude each other");
        if (token is not null) return Of(token, "--token");
        if (tokenFile is null && host.Variable(Variable) is { Length: > 0 } variable) return Of(variable, Variable);
        return tokenFile is null && hasCertificate
            ? new Credential("", "--certificate")
            : ReadAdmin(tokenFile, dataFolder, host);
    }

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

        return Of(text, path);
    }

    public override string ToString() => $"Credential {{ File = {File} }}";

    private static Credential Of(string text, string path) =>
        text.Length is > 0 and <= MaxLength && text.All(c => c is > ' ' and < (char)0x7f)
            ? new Credential(text, path)
            : throw new CliException($"{path} does not hold a credential");
}
