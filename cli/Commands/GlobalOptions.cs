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
        Description = "File with the admin credential [MESH_ADMIN_TOKEN_FILE; else DATA/admin-token]",
        HelpName = "FILE",
        Recursive = true,
    };

    public void AddTo(Command root)
    {
        root.Options.Add(Server);
        root.Options.Add(Data);
        root.Options.Add(TokenFile);
    }
}
