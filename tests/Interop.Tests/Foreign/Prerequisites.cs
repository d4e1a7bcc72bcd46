using System.Diagnostics;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Interop.Tests.Foreign;

/// <summary>What must be on the machine. <c>./mesh test</c> installs it where it can.</summary>
internal static class Prerequisites
{
    private static readonly Lazy<string?> NodeMissing = new(FindNode);
    private static readonly Lazy<string?> PythonMissing = new(FindPython);

    /// <summary>The folder whose node_modules hold the packages of Clients/package.json.</summary>
    public static string Packages { get; } = Environment.GetEnvironmentVariable("MESH_INTEROP_PACKAGES")
        ?? Path.Combine(Binaries.RepositoryRoot(), ".mesh", "interop");

    /// <summary>Debian's own Python: only that one sees Debian's packages.</summary>
    public static string Python { get; } = Environment.GetEnvironmentVariable("MESH_INTEROP_PYTHON") ?? "/usr/bin/python3";

    /// <summary>Why a kind cannot be tested here; null when it can.</summary>
    public static string? Missing(ForeignKind kind) =>
        kind is ForeignKind.Node ? NodeMissing.Value : PythonMissing.Value;

    private static string? FindNode() =>
        !Runs("node", "--version") ? "node is not installed"
        : Directory.Exists(Path.Combine(Packages, "node_modules", "@grpc", "grpc-js-xds")) ? null
        : $"@grpc/grpc-js-xds is not in {Packages}; './mesh test --suite interop' installs it";

    private static string? FindPython() =>
        Runs(Python, "-c", "import grpc") ? null : $"{Python} has no grpc: apt-get install -y python3-grpcio";

    private static bool Runs(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            return process!.WaitForExit(TimeSpan.FromSeconds(30)) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // there is no such program
        }
    }
}
