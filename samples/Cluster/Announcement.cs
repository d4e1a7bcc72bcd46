using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Samples.Cluster;

/// <summary>Says where everything is: to a person, or as one line of JSON to a script, and to meshctl by a file.</summary>
internal static class Announcement
{
    public static async Task WriteAsync(Harness.Cluster cluster)
    {
        var json = JsonSerializer.Serialize(
            new
            {
                @event = "listening",
                api = cluster.Gateways[0].ApiAddress,
                xds = cluster.Xds,
                store = WithoutPassword(cluster.Store),
                silos = cluster.Silos.Select(Row),
                gateways = cluster.Gateways.Select(Row),
            },
            JsonSerializerOptions.Web);
        await WriteAsync(Path.Combine(cluster.Secrets, "control-plane.json"), json);
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(json);
            return;
        }

        Console.WriteLine($"MeshOrleans cluster over {WithoutPassword(cluster.Store)}");
        foreach (var process in cluster.Processes)
        {
            Console.WriteLine($"  {process.Name,-10}  pid {process.Process.Id,-7}  API {process.ApiAddress}  xDS {process.Xds}");
        }

        Console.WriteLine(
            $"""
              sidecars take   --xds {cluster.Xds}
              meshctl takes   ./mesh ctl --data {cluster.Secrets} ...
            Ctrl-C ends it.
            """);
    }

    private static async Task WriteAsync(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var writer = new StreamWriter(path, options);
        await writer.WriteAsync(text);
    }

    // What is printed ends up in logs; a query may hold a password too, so nothing of it is told.
    private static string WithoutPassword(string url)
    {
        var end = url.IndexOf('?', StringComparison.Ordinal);
        var shown = end < 0 ? url : url[..end];
        var (from, at) = (shown.IndexOf("://", StringComparison.Ordinal) + 3, shown.LastIndexOf('@'));
        var colon = at < from ? -1 : shown.IndexOf(':', from, at - from);
        return colon < 0 ? shown : shown[..colon] + shown[at..];
    }

    private static object Row(ControlPlane process) => new
    {
        name = process.Name,
        pid = process.Process.Id,
        api = process.ApiAddress,
        xds = process.Xds,
        monitoring = process.Monitoring,
    };
}
