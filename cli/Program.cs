using MeshOrleans.Cli;

return await Meshctl.RunAsync(args, CliHost.OfProcess(), CancellationToken.None);
