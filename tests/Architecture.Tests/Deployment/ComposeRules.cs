namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>What docker-compose.yml names exists: services, volumes, networks, files, images.</summary>
internal static class ComposeRules
{
    public static IEnumerable<string> Check(ComposeFile compose, Dockerfile dockerfile) =>
    [
        .. compose.Services.SelectMany(s => CheckReferences(compose, s)),
        .. compose.Services.SelectMany(s => CheckMounts(compose, s)),
        .. compose.Services.SelectMany(s => CheckImage(s, dockerfile)),
        .. compose.Volumes.Except(compose.Services.SelectMany(s => s.Mounts).Select(m => m.Source))
            .Select(v => $"compose volume {v} is mounted nowhere"),
        .. ComposeLaunchRules.Check(compose, new Images(compose, dockerfile)),
    ];

    private static IEnumerable<string> CheckReferences(ComposeFile compose, ComposeService service)
    {
        foreach (var (name, condition) in service.DependsOn)
        {
            if (compose.Find(name) is not { } other)
            {
                yield return $"{service.Where}: depends on {name}, which does not exist";
            }
            else if (condition == "service_healthy" && !other.Yaml["healthcheck"]["test"].Exists)
            {
                yield return $"{service.Where}: waits for the health of {name}, which has no health check";
            }
            else if (condition == "service_completed_successfully" && other.Yaml["restart"].Text != "no")
            {
                yield return $"{service.Where}: waits for the end of {name}, which is started again";
            }
        }

        if (compose.Find(service.NetworkOwner) is null)
        {
            yield return $"{service.Where}: shares the network of {service.NetworkOwner}, which does not exist";
        }

        foreach (var network in service.Networks.Where(n => !compose.Networks.Contains(n)))
        {
            yield return $"{service.Where}: network {network} is not defined";
        }
    }

    private static IEnumerable<string> CheckMounts(ComposeFile compose, ComposeService service)
    {
        foreach (var mount in service.Mounts)
        {
            if (mount.IsBind && !RepositoryPaths.Exists(mount.Source))
            {
                yield return $"{service.Where}: there is no {mount.Source}";
            }

            if (!mount.IsBind && !compose.Volumes.Contains(mount.Source))
            {
                yield return $"{service.Where}: volume {mount.Source} is not defined";
            }
        }
    }

    private static IEnumerable<string> CheckImage(ComposeService service, Dockerfile dockerfile)
    {
        var build = service.Yaml["build"];
        if (!build.Exists) yield break;
        string[] paths = [build["context"].Text, build["dockerfile"].Text];
        foreach (var path in paths.Where(p => !RepositoryPaths.Exists(p)))
        {
            yield return $"{service.Where}: there is no {path}";
        }

        if (!dockerfile.Stages.Contains(service.BuildTarget))
        {
            yield return $"{service.Where}: the Dockerfile has no target '{service.BuildTarget}'";
        }

        if (service.Image != $"mesh-orleans/{service.BuildTarget}:{RepositoryPaths.Version}")
        {
            yield return $"{service.Where}: image {service.Image} is not named after its target and the version";
        }

        // A fresh volume takes its owner from the image, so the folder must be one that the image gives to its user.
        foreach (var mount in service.Mounts.Where(m => !m.IsBind && !dockerfile.OwnedFolders.Contains(m.Target)))
        {
            yield return $"{service.Where}: {mount.Target} is no folder that the image gives to its user";
        }
    }
}
