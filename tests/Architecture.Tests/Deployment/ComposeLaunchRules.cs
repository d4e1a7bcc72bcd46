namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>What the containers of docker-compose.yml run, listen on and call.</summary>
internal static class ComposeLaunchRules
{
    public static IEnumerable<string> Check(ComposeFile compose, Images images) =>
        compose.Services.SelectMany(service => Check(compose, images, service));

    private static IEnumerable<string> Check(ComposeFile compose, Images images, ComposeService service)
    {
        var launches = ComposeLaunches.Of(service, images, out var problems);
        return
        [
            .. problems,
            .. launches.SelectMany(l => l.Findings()),
            .. launches.SelectMany(l => CheckPaths(service, l)),
            .. CheckPublished(compose, images, service),
            .. CheckCalls(compose, images, service),
            .. CheckHealth(compose, images, service),
            .. CheckAddress(compose, service),
        ];
    }

    // A path that nothing is mounted at is on a read-only disk, or gone with the container.
    private static IEnumerable<string> CheckPaths(ComposeService service, Launch launch)
    {
        foreach (var path in launch.Paths)
        {
            var mount = service.Mounts.Concat(service.Temporary).FirstOrDefault(m => m.Holds(path));
            if (mount is null) yield return $"{launch.Where}: nothing is mounted at {path}";
            else if (mount.IsBind && !RepositoryPaths.Exists(mount.Source + path[mount.Target.Length..]))
            {
                yield return $"{launch.Where}: {path} is not in {mount.Source}";
            }
        }
    }

    private static IEnumerable<string> CheckPublished(ComposeFile compose, Images images, ComposeService service) =>
        service.PublishedPorts
            .Where(p => !ReachablePorts(compose, images, service).Contains(p))
            .Select(p => $"{service.Where}: publishes {p}, on which nothing listens for others");

    private static IEnumerable<string> CheckCalls(ComposeFile compose, Images images, ComposeService service)
    {
        var texts = service.Environment.Values.Concat(service.Command).Concat(service.HealthCheck);
        foreach (var (host, port) in texts.SelectMany(HostPorts.In).Distinct())
        {
            var target = HostPorts.IsLoopback(host)
                ? service
                : compose.Find(host) ?? compose.Services.FirstOrDefault(s => s.Addresses.Contains(host));
            if (target is null) yield return $"{service.Where}: calls {host}, which does not exist";
            else if (compose.Beside(target).Any(s => images.Find(s.Image) is not null)
                && !(target == service ? LocalPorts(compose, images, target) : ReachablePorts(compose, images, target))
                    .Contains($"{port}"))
            {
                yield return $"{service.Where}: calls {host}:{port}, where nothing listens";
            }
        }
    }

    private static IEnumerable<string> CheckHealth(ComposeFile compose, Images images, ComposeService service)
    {
        if (service.HealthCheck is not ["mesh-ready", var target]) yield break;
        var known = compose.Beside(service)
            .SelectMany(s => ComposeLaunches.Of(s, images, out _)).SelectMany(l => l.Program.HealthPaths);
        var path = target.IndexOf('/') is var slash and >= 0 ? target[slash..] : "";
        if (!known.Contains(path)) yield return $"{service.Where}: the health check asks {path}, which nobody answers";
    }

    private static IEnumerable<string> CheckAddress(ComposeFile compose, ComposeService service)
    {
        if (!service.Environment.TryGetValue("MESH_ADDRESS", out var address)) yield break;
        if (compose.Find(service.NetworkOwner)?.Addresses.Contains(address) is not true)
        {
            yield return $"{service.Where}: announces {address}, which is not the address of {service.NetworkOwner}";
        }
    }

    private static HashSet<string> ReachablePorts(ComposeFile compose, Images images, ComposeService service) =>
        [.. LaunchesBeside(compose, images, service).SelectMany(l => l.PublicPorts).Select(p => $"{p}")];

    private static HashSet<string> LocalPorts(ComposeFile compose, Images images, ComposeService service) =>
        [.. LaunchesBeside(compose, images, service).SelectMany(l => l.Ports).Select(p => $"{p}")];

    private static IEnumerable<Launch> LaunchesBeside(ComposeFile compose, Images images, ComposeService service) =>
        compose.Beside(service).SelectMany(s => ComposeLaunches.Of(s, images, out _));
}
