using System.CommandLine;
using MeshOrleans.Cli.Connection;

namespace MeshOrleans.Cli.Commands;

/// <summary>What every command is made with: the host it runs in and the way to the control plane.</summary>
internal sealed record CommandScope(CliHost Host, GlobalOptions Global)
{
    /// <summary>The control plane that the command line, the environment or the data folder names.</summary>
    /// <exception cref="CliException">None is named, or its credential cannot be read.</exception>
    public ApiClient Connect(ParseResult parsed)
    {
        var data = DataFolder(parsed);
        var address = Address(parsed);
        return new ApiClient(address, Credential.ReadAdmin(parsed.GetValue(Global.TokenFile), data, Host));
    }

    /// <summary>As <see cref="Connect"/>, with another credential: the admin's is neither needed nor read.</summary>
    public ApiClient ConnectAs(ParseResult parsed, string token, string file) =>
        new(Address(parsed), new Credential(token, file));

    /// <summary>Where the control plane answers.</summary>
    /// <exception cref="CliException">None is named.</exception>
    public ControlPlaneAddress Address(ParseResult parsed) =>
        ControlPlaneAddress.Resolve(parsed.GetValue(Global.Server), DataFolder(parsed), Host);

    private string DataFolder(ParseResult parsed) =>
        parsed.GetValue(Global.Data) ?? Host.Variable("MESH_DATA") ?? Path.Combine(".", "data");
}
