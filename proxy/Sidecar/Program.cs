using MeshOrleans.Proxy.Sidecar.Process;

return await SidecarCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
