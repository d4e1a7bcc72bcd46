using System.CommandLine;
using MeshOrleans.Cli.Commands.Workloads;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl workload</c>: VMs and processes that join the mesh.</summary>
internal static class WorkloadCommand
{
    public static Command Create(CommandScope scope) => new CliCommand(
        "workload",
        "Let VMs and processes join the mesh, list them, remove them.",
        "workload configure vm1 -n shop --service-account cart --address 10.0.0.7 --port http=8080 --out vm1.json",
        "workload list")
    {
        TokenCommand.Create(scope),
        ConfigureCommand.Create(scope),
        RegisterCommand.Create(scope),
        ListCommand.Create(scope),
        RemoveCommand.Create(scope),
    };
}
