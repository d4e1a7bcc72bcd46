using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>
/// Writes what a stock Envoy needs to be a member: its bootstrap, its key and certificate, and the two files in Envoy's
/// own form by which it follows them.
/// </summary>
internal static class EnvoyFolder
{
    private const string Bootstrap = "envoy-bootstrap.json";

    /// <param name="folder">Where to write.</param>
    /// <param name="member">Whom it is for.</param>
    /// <param name="xds">The gateways' TLS ports, <c>host:port</c>, several with commas.</param>
    /// <param name="api">The control plane, with the right to one certificate of the member's identity.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the user does with it next.</returns>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static async Task<string> WriteAsync(
        string folder, WorkloadRequest member, string xds, ApiClient api, CancellationToken cancellationToken)
    {
        var gateways = EnvoyGateway.Parse(xds);
        var files = new MemberCredentials(folder);
        var (certificateFile, rootsFile, bootstrap) =
            (files.Full("sds-certificate.json"), files.Full("sds-roots.json"), files.Full(Bootstrap));
        var bundles = (await api.GetAsync("/v1/trust-bundles", cancellationToken))
            .Read(ApiJson.Default.TrustBundleAnswerArray);
        var lists = bundles is [{ Crls: { Length: > 0 } crls }] ? MemberCredentials.Join(crls) : null;
        var certificate = await files.WriteAsync(
            member,
            api,
            trustDomain =>
            [
                (certificateFile, EnvoySecrets.Certificate(files.Chain, files.Key)),
                .. lists is null ? [] : new (string Path, string Text)[] { (files.Revoked, lists) },
                (rootsFile, EnvoySecrets.Roots(files.Roots, lists is null ? null : files.Revoked, bundles)),
                (bootstrap, EnvoyBootstrap.Write(member, gateways, trustDomain, certificateFile, rootsFile)),
            ],
            cancellationToken);
        return $"wrote {folder}; redirect the workload's connections as Istio does (out to 15001, in to 15006), "
            + $"then start envoy -c {bootstrap}\n"
            + $"its certificate ends at {Ages.At(certificate.NotAfter)}: run this again from "
            + $"{Ages.At(certificate.RotateAt)} on, Envoy takes over the new files by itself";
    }
}
