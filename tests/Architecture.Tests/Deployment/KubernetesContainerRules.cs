using System.Collections.Immutable;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>
/// Containers: the image is one that is built, and the program knows its flags, variables, ports and probes.
/// </summary>
internal static class KubernetesContainerRules
{
    private static readonly string[] Probes = ["startupProbe", "readinessProbe", "livenessProbe"];

    public static IEnumerable<string> Check(
        KubernetesObjects objects, Images images, KubernetesObject workload, Yaml container)
    {
        var where = $"{workload.Where}, container {container["name"].Text}";
        var variables = ReadVariables(objects, container, out var faults);
        foreach (var fault in faults) yield return $"{where}: {fault}";

        if (images.Find(container["image"].Text) is not { } image)
        {
            yield return $"{where}: no image {container["image"].Text} is built in docker-compose.yml";
            yield break;
        }

        string[] command = [.. container["command"].Texts];
        if (command.Length == 0) command = [.. image.EntryPoint];
        if (!MeshPrograms.All.TryGetValue(command[0], out var program))
        {
            yield return $"{where}: '{command[0]}' is no program of this repository";
            yield break;
        }

        var launch = new Launch(where, program, [.. command[1..], .. container["args"].Texts], variables);
        IEnumerable<string> findings =
        [
            .. launch.Findings(),
            .. CheckPorts(launch, container),
            .. Probes.SelectMany(p => CheckProbe(launch, container, p)),
            .. CheckPaths(launch, container),
            .. CheckCalls(objects, launch),
        ];
        foreach (var finding in findings) yield return finding;
    }

    private static ImmutableDictionary<string, string> ReadVariables(
        KubernetesObjects objects, Yaml container, out IReadOnlyList<string> faults)
    {
        var variables = ImmutableDictionary.CreateBuilder<string, string>();
        var found = new List<string?>();
        foreach (var (kind, reference) in container["envFrom"].Items.SelectMany(ReferencesOf))
        {
            found.Add(KubernetesReferences.FindFault(objects, kind, reference["name"].Text, ""));
            if (objects.Find(kind, reference["name"].Text) is not { } holder) continue;
            foreach (var (key, value) in KubernetesReferences.Data(holder)) variables[key] = value.Text;
        }

        foreach (var variable in container["env"].Items)
        {
            variables[variable["name"].Text] = variable["value"].Text;
            found.AddRange(ReferencesOf(variable["valueFrom"]).Select(r => KubernetesReferences.FindFault(
                objects, r.Kind, r.Reference["name"].Text, r.Reference["key"].Text)));
        }

        faults = [.. found.OfType<string>()];
        return variables.ToImmutable();
    }

    private static IEnumerable<(string Kind, Yaml Reference)> ReferencesOf(Yaml source)
    {
        foreach (var (key, value) in source.Members)
        {
            if (key.StartsWith("secret", StringComparison.Ordinal)) yield return ("Secret", value);
            if (key.StartsWith("configMap", StringComparison.Ordinal)) yield return ("ConfigMap", value);
        }
    }

    private static IEnumerable<string> CheckPorts(Launch launch, Yaml container) => container["ports"].Items
        .Select(p => p["containerPort"].Text)
        .Where(p => !launch.PublicPorts.Any(known => $"{known}" == p))
        .Select(p => $"{launch.Where}: declares port {p}, on which nothing listens for others");

    private static IEnumerable<string> CheckProbe(Launch launch, Yaml container, string name)
    {
        var request = container[name]["httpGet"];
        if (!request.Exists)
        {
            yield return $"{launch.Where}: has no {name}";
            yield break;
        }

        var (path, port) = (request["path"].Text, request["port"].Text);
        var number = container["ports"].Items.Where(p => p["name"].Text == port).Select(p => p["containerPort"].Text)
            .FirstOrDefault(port);
        if (!launch.Program.HealthPaths.Contains(path))
        {
            yield return $"{launch.Where}: {name} asks {path}, which nobody answers";
        }

        const string Monitoring = "--monitoring-port";
        if (number != (launch.Find(Monitoring) ?? $"{launch.Program.Ports.GetValueOrDefault(Monitoring)}"))
        {
            yield return $"{launch.Where}: {name} asks port {port}, which answers no health";
        }
    }

    private static IEnumerable<string> CheckPaths(Launch launch, Yaml container)
    {
        var mounts = container["volumeMounts"].Items.Select(m => new Mount("", m["mountPath"].Text)).ToArray();
        return launch.Paths
            .Where(p => !mounts.Any(m => m.Holds(p)))
            .Select(p => $"{launch.Where}: nothing is mounted at {p}");
    }

    private static IEnumerable<string> CheckCalls(KubernetesObjects objects, Launch launch)
    {
        foreach (var (host, port) in launch.Variables.Values.Concat(launch.Arguments).SelectMany(HostPorts.In))
        {
            var isFull = host.Split('.') is [_, var ns, "svc", ..] && objects.Find("Namespace", ns) is not null;
            if (objects.Find("Service", isFull ? host.Split('.')[0] : host) is not { } service)
            {
                yield return $"{launch.Where}: there is no Service {host}";
            }
            else if (!service.Spec["ports"].Items.Any(p => p["port"].Text == $"{port}"))
            {
                yield return $"{launch.Where}: Service {host} has no port {port}";
            }
        }
    }
}
