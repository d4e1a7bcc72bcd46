namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>The programs of this repository that a service starts, directly or in a script.</summary>
internal static class ComposeLaunches
{
    public static IReadOnlyList<Launch> Of(ComposeService service, Images images, out IReadOnlyList<string> problems)
    {
        problems = [];
        if (images.Find(service.Image) is not { } image) return []; // somebody else's image
        string[] entryPoint = service.EntryPoint.Count > 0 ? [.. service.EntryPoint] : [.. image.EntryPoint];
        var arguments = service.Command.Count > 0 || service.EntryPoint.Count > 0 ? service.Command : image.Arguments;
        if (entryPoint is ["bash", var script]) return OfScript(service, script, out problems);
        if (entryPoint is [var name, .. var more] && MeshPrograms.All.TryGetValue(name, out var program))
        {
            return [new Launch(service.Where, program, [.. more, .. arguments], service.Environment)];
        }

        problems = [$"{service.Where}: '{entryPoint.FirstOrDefault("")}' is no program of this repository"];
        return [];
    }

    private static IReadOnlyList<Launch> OfScript(
        ComposeService service, string script, out IReadOnlyList<string> problems)
    {
        var mount = service.Mounts.FirstOrDefault(m => m.IsBind && m.Holds(script));
        var file = mount is null ? "" : RepositoryPaths.Normalize(mount.Source + script[mount.Target.Length..]);
        if (!Repository.Files.Contains(file))
        {
            problems = [$"{service.Where}: the script {script} does not exist"];
            return [];
        }

        var unmounted = service.Command.Where(a => a.StartsWith('/'))
            .Where(a => !service.Mounts.Any(m => m.Holds(a)))
            .Select(a => $"{service.Where}: nothing is mounted at {a}");
        problems = [.. unmounted];
        return
        [
            .. ShellScript.CallsIn(Repository.Read(file)).Select(call => new Launch(
                $"{service.Where}, {file}", MeshPrograms.All[call.Program], [.. call.Arguments], service.Environment)),
        ];
    }
}
