using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Input;

namespace MeshOrleans.Cli.Commands.Certificates;

/// <summary><c>meshctl certs rotate</c>.</summary>
internal static class RotateCommand
{
    public static Command Create(CommandScope scope)
    {
        var identity = new Argument<string?>("SPIFFE-ID")
        {
            Description = "The identity whose certificates are replaced", Arity = ArgumentArity.ZeroOrOne,
        };
        var ns = CommonOptions.Namespace("All identities of a namespace");
        var all = new Option<bool>("--all") { Description = "All identities of the mesh" };
        var spread = new Option<string?>("--spread")
        {
            Description = "The time over which they are replaced, e.g. 5m (default: 50 certificates a second)",
        };
        var command = new CliCommand(
            "rotate",
            "Replace the certificates in use, each by one with a fresh key, before it is due. "
            + "meshctl certs shows how many are still to be replaced.",
            "certs rotate spiffe://cluster.local/ns/shop/sa/cart",
            "certs rotate -n shop --spread 5m",
            "certs rotate --all")
        {
            identity, ns, all, spread,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (id, name) = (parsed.GetValue(identity), parsed.GetValue(ns));
            if (new[] { id is not null, name is not null, parsed.GetValue(all) }.Count(isNamed => isNamed) != 1)
            {
                throw CliException.Usage("name one of SPIFFE-ID, --namespace and --all");
            }

            using var api = scope.Connect(parsed);
            var request = new RotateRequest(id, name, SecondsOf(parsed.GetValue(spread)));
            var answer = (await api.PostAsync(
                "/v1/identities/rotate", request, ApiJson.Default.RotateRequest, cancellationToken))
                .Read(ApiJson.Default.RotateAnswer);
            await scope.Host.Out.WriteLineAsync(
                $"{answer.Due} certificates of {answer.Identities} identities are replaced "
                + $"within {answer.SpreadSeconds:0.#} s");
            return ExitCode.Fine;
        });
        return command;
    }

    private static double? SecondsOf(string? text) =>
        text is null ? null : Durations.Parse(text, "--spread").TotalSeconds;
}
