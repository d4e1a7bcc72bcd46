using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Commands.Certificates;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl certs</c>: the certificates in use.</summary>
internal static class CertsCommand
{
    public static Command Create(CommandScope scope)
    {
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "certs",
            "Show the authority, and the certificate of every proxy: its identity, when it expires and when it is rotated.",
            "certs",
            "certs -o wide",
            "certs rotate --all",
            "certs rotate-root",
            "certs revoke SERIAL --reason key-compromise")
        {
            RotateCommand.Create(scope),
            RotateRootCommand.Create(scope),
            RevokeCommand.Create(scope),
            RevokedCommand.Create(scope),
            format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            var chosen = parsed.GetValue(format);
            var answer = await Listing.Identities.ShowAsync(api, scope.Host, chosen, ns: null, cancellationToken);
            if (chosen is OutputFormat.Table or OutputFormat.Wide)
            {
                await TryShowAuthorityAsync(api, scope.Host, cancellationToken);
                await ShowDueAsync(answer.Read(ApiJson.Default.IdentityRowArray), scope.Host);
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task ShowDueAsync(IdentityRow[] rows, CliHost host)
    {
        if (rows.Count(row => row.IsDue) is var due and > 0)
        {
            await host.Out.WriteLineAsync($"rotation: {due} of {rows.Length} certificates are still to be replaced");
        }
    }

    // the authority is the mesh's: who sees some namespaces only does not see it
    private static async Task TryShowAuthorityAsync(ApiClient api, CliHost host, CancellationToken cancellationToken)
    {
        try
        {
            await ShowAuthorityAsync(api, host, cancellationToken);
        }
        catch (ApiException exception) when (exception.Problem.Status == 403)
        {
        }
    }

    private static async Task ShowAuthorityAsync(ApiClient api, CliHost host, CancellationToken cancellationToken)
    {
        var authority = (await api.GetAsync("/v1/ca", cancellationToken)).Read(ApiJson.Default.AuthorityRow);
        await host.Out.WriteLineAsync();
        foreach (var line in AuthorityText.Of(authority, host.Clock)) await host.Out.WriteLineAsync(line);
    }
}
