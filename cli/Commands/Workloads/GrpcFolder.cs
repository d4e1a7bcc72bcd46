using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>
/// Writes what a gRPC program needs that is a member without a sidecar: the xDS bootstrap, and the files that it
/// watches.
/// </summary>
internal static class GrpcFolder
{
    private const string Bootstrap = "grpc-bootstrap.json";

    /// <param name="folder">Where to write.</param>
    /// <param name="member">Whom it is for.</param>
    /// <param name="xds">The plaintext xDS port: gRPC knows no mesh mTLS towards its control plane.</param>
    /// <param name="api">The control plane, with the right to one certificate of the member's identity.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the user does with it next.</returns>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static async Task<string> WriteAsync(
        string folder, WorkloadRequest member, string xds, ApiClient api, CancellationToken cancellationToken)
    {
        var files = new MemberCredentials(folder);
        var bootstrap = files.Full(Bootstrap);
        var certificate = await files.WriteAsync(
            member,
            api,
            _ => [(bootstrap, GrpcBootstrap.Write(member, xds, files.Chain, files.Key, files.Roots))],
            cancellationToken);
        return $"wrote {folder}; start the program with GRPC_XDS_BOOTSTRAP={bootstrap}\n"
            + $"its certificate ends at {Ages.At(certificate.NotAfter)}: run this again from "
            + $"{Ages.At(certificate.RotateAt)} on, the program takes over the new files by itself";
    }
}
