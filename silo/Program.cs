using MeshOrleans.Silo;
using MeshOrleans.Silo.Hosting;

if (args.Any(a => a is "--help" or "-h"))
{
    Console.WriteLine(CommandLine.Help);
    return 0;
}

if (!CommandLine.TryRead(args, out var flags, out var configFile, out var error))
{
    Console.Error.WriteLine($"mesh-silo: {error}");
    return 2;
}

try
{
    return await ControlPlaneHost.RunAsync(flags, configFile);
}
catch (Exception exception) when (StartupFailure.Explain(exception) is { } reason)
{
    Console.Error.WriteLine($"mesh-silo: {reason}");
    return 1;
}
