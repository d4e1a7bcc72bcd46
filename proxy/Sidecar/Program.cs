using MeshOrleans.Proxy.Sidecar.Process;

SocketTuning.Apply();
return await SidecarCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
