using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl whoami</c>: whom the control plane takes the caller for, and what it lets it do.</summary>
internal static class WhoAmICommand
{
    public static CliCommand Create(CommandScope scope)
    {
        var format = CommonOptions.ReportFormat();
        var command = new CliCommand(
            "whoami",
            "Show whom the control plane takes you for, and your roles.",
            "whoami",
            "whoami --token-file ~/.config/mesh/token -o json",
            "whoami --server https://10.0.0.5:15012 --ca-file roots.pem --certificate me.pem --key me-key.pem")
        {
            format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            var answer = await api.GetAsync("/v1/whoami", cancellationToken);
            if (Reports.TryWriteRaw(scope.Host, parsed.GetValue(format), answer)) return ExitCode.Fine;
            var me = answer.Read(ApiJson.Default.WhoAmIAnswer);
            await scope.Host.Out.WriteLineAsync(Printable.Of($"{me.Name} ({me.Credential})"));
            if (me.Roles is not { Count: > 0 } roles) await scope.Host.Out.WriteLineAsync("no roles");
            else foreach (var role in roles) await scope.Host.Out.WriteLineAsync(Printable.Of(TextOf(role)));
            return ExitCode.Fine;
        });
        return command;
    }

    private static string TextOf(GrantRow grant) => grant.ForMesh
        ? $"{grant.Role} for the mesh"
        : $"{grant.Role} in {string.Join(", ", grant.Namespaces ?? [])}";
}
