using System.Globalization;
using System.Text.Json;

namespace MeshOrleans.Benchmarks.Xds.Fleet;

/// <summary>
/// The process that holds many proxies: it does what a line on its standard input says, and answers with a line of JSON.
/// It ends with its standard input.
/// </summary>
internal static class FleetProgram
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(120);

    /// <param name="args">
    /// Host, port, first number, how many, over how many namespaces, services of the mesh, how many each calls, percent of
    /// the proxies that read slowly, and of those that are Envoys.
    /// </param>
    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var numbers = args.Skip(1).Select(a => int.Parse(a, CultureInfo.InvariantCulture)).ToArray();
        var (gateway, first, count, namespaces) = ((args[0], numbers[0]), numbers[1], numbers[2], numbers[3]);
        var (services, used, slow, envoys) = (numbers[4], numbers[5], numbers[6], numbers[7]);
        var tally = new FleetTally(Enumerable.Range(first, count).Count(i => !MeshLoad.IsAmong(i, slow)));
        using var stop = new CancellationTokenSource();
        var proxies = Enumerable.Range(first, count)
            .Select(i => new SimulatedProxy(
                $"p{i}",
                MeshLoad.NamespaceOf(i, namespaces),
                gateway,
                [.. MeshLoad.CalledBy(i, namespaces, services, used)],
                new ProxyManner(MeshLoad.IsAmong(i, slow), MeshLoad.IsAmong(i + 1, envoys)),
                tally))
            .ToArray();
        var loops = Array.Empty<Task>();
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            if (words[0] == "connect") loops = [.. proxies.Select(p => Task.Run(() => p.RunAsync(stop.Token)))];
            Console.WriteLine(JsonSerializer.Serialize(await AnswerAsync(words, tally)));
        }

        await stop.CancelAsync();
        await Task.WhenAll(loops);
        return 0;
    }

    private static async Task<object> AnswerAsync(string[] words, FleetTally tally)
    {
        switch (words[0])
        {
            case "synced":
                return new { at = await tally.WaitUntilSyncedAsync(_patience) };
            case "expect":
                tally.Expect(int.Parse(words[1], CultureInfo.InvariantCulture), words[2], int.Parse(words[3], CultureInfo.InvariantCulture));
                return new { };
            case "arrived":
                return new { at = await tally.WaitUntilArrivedAsync(TimeSpan.FromSeconds(20)) };
            case "since":
                var (bytes, resources, repeated) = tally.Since();
                return new { bytes, resources, repeated };
            default:
                return new { };
        }
    }
}
