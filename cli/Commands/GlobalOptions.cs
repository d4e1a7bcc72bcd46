using System.CommandLine;

namespace MeshOrleans.Cli.Commands;

/// <summary>Which control plane, and as whom: options of every command.</summary>
internal sealed class GlobalOptions
{
    public Option<string?> Server { get; } = new("--server")
    {
        Description = "Address of the REST API [MESH_SERVER; else DATA/control-plane.json]",
        HelpName = "URL",
        Recursive = true,
    };

    public Option<string?> Data { get; } = new("--data")
    {
        Description = "Data folder of a control plane on this machine [MESH_DATA; else ./data]",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<string?> TokenFile { get; } = new("--token-file")
    {
        Description = "File with the admin credential or another token [MESH_ADMIN_TOKEN_FILE; else DATA/admin-token]",
        HelpName = "FILE",
        Recursive = true,
    };

    public Option<string?> Token { get; } = new("--token")
    {
        Description = "A token of an issuer that the control plane believes [MESH_TOKEN, which other users do not see]",
        HelpName = "TOKEN",
        Recursive = true,
    };

    public Option<string?> Certificate { get; } = new("--certificate")
    {
        Description = "Client certificate with its chain, PEM; for https://HOST:15012",
        HelpName = "FILE",
        Recursive = true,
    };

    public Option<string?> Key { get; } = new("--key")
    {
        Description = "The key of --certificate, PEM",
        HelpName = "FILE",
        Recursive = true,
    };

    public Option<string?> CaFile { get; } = new("--ca-file")
    {
        Description = "Roots that the control plane's certificate must lead to, PEM (those of this machine)",
        HelpName = "FILE",
        Recursive = true,
    };

    public void AddTo(Command root)
    {
        root.Options.Add(Server);
        root.Options.Add(Data);
        root.Options.Add(TokenFile);
        root.Options.Add(Token);
        root.Options.Add(Certificate);
        root.Options.Add(Key);
        root.Options.Add(CaFile);
    }
}
