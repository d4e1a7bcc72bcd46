using System.CommandLine;
using MeshOrleans.Cli.Commands.Mtls;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl mtls</c>: who calls without mesh mTLS.</summary>
internal static class MtlsCommand
{
    public static Command Create(CommandScope scope) => new CliCommand(
        "mtls",
        "Find out who still calls in plaintext, before a namespace is made STRICT.",
        "mtls readiness shop",
        "mtls forget shop --caller 10.0.0.7")
    {
        ReadinessCommand.Create(scope),
        ForgetCommand.Create(scope),
    };
}
