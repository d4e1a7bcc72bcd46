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
        var identity = Identity(parsed);
        var credential = Credential.Read(
            parsed.GetValue(Global.Token), parsed.GetValue(Global.TokenFile), identity.HasCertificate, data, Host);
        return new ApiClient(address, credential, identity);
    }

    /// <summary>As <see cref="Connect"/>, with another credential: the admin's is neither needed nor read.</summary>
    public ApiClient ConnectAs(ParseResult parsed, string token, string file) =>
        new(Address(parsed), new Credential(token, file), Identity(parsed));

    /// <summary>Where the control plane answers.</summary>
    /// <exception cref="CliException">None is named.</exception>
    public ControlPlaneAddress Address(ParseResult parsed) =>
        ControlPlaneAddress.Resolve(parsed.GetValue(Global.Server), DataFolder(parsed), Host);

    private ClientIdentity Identity(ParseResult parsed) => ClientIdentity.Read(
        parsed.GetValue(Global.CaFile), parsed.GetValue(Global.Certificate), parsed.GetValue(Global.Key));

    private string DataFolder(ParseResult parsed) =>
        parsed.GetValue(Global.Data) ?? Host.Variable("MESH_DATA") ?? Path.Combine(".", "data");
}
