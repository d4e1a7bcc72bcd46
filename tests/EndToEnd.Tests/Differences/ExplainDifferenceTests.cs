using System.Text;
using Xunit.Abstractions;

namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>What explain says of drawn requests under drawn configurations, beside what real proxies do with the very same.</summary>
public sealed class ExplainDifferenceTests(DrawnMesh mesh, ITestOutputHelper output) : IClassFixture<DrawnMesh>
{
    private const int Requests = 25;

    [Fact]
    public async Task Explain_says_of_drawn_requests_what_sidecars_and_gateways_do_with_them()
    {
        var comparison = new Comparison(mesh);
        var (wrong, refused, rounds) = (new StringBuilder(), 0, 0);
        foreach (var seed in Seeds())
        {
            rounds++;
            var draw = new Draw(seed);
            var yaml = DrawnConfiguration.Of(draw, mesh.Members["o"]);
            if (await mesh.ReplaceAsync(yaml) is { Length: > 0 } problem)
            {
                refused++;
                output.WriteLine($"seed {seed} is refused: {problem}");
                continue;
            }

            var before = wrong.Length;
            for (var i = 0; i < Requests; i++)
            {
                var request = DrawnRequest.Of(draw);
                foreach (var difference in await TryAsync(comparison, request, $"drawn-{seed}-{i}-"))
                {
                    wrong.AppendLine($"seed {seed}: {request}\n    {difference}");
                }
            }

            if (wrong.Length > before) wrong.AppendLine(yaml).AppendLine();
        }

        output.WriteLine($"{rounds} rounds, {refused} refused");
        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Fact]
    public async Task A_subset_that_is_gone_gets_no_request_of_a_sidecar_that_is_told_to_be_in_sync()
    {
        const string Rule = "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b, namespace: app}, spec: {host: b, subsets: [{name: v1, labels: {version: v1}}SUBSET]}}";
        const string Route = "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b, namespace: app}, spec: {hosts: [b], http: [{route: [{destination: {host: b, subset: v2}}]}]}}";
        var whole = $"{Route}\n---\n{Rule.Replace("SUBSET", ", {name: v2, labels: {version: v2}}", StringComparison.Ordinal)}";
        Assert.Equal("", await mesh.ReplaceAsync(whole));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var request = new DrawnRequest("a", "GET", "b", "/", [], IsAbsolute: true);
        var port = mesh.Members["a"].OutboundPort;
        Assert.Equal(("b-v2", 200), await AnsweredAsync());

        await mesh.ControlPlane.ApplyAsync(Rule.Replace("SUBSET", "", StringComparison.Ordinal));
        await mesh.ControlPlane.SettledAsync(mesh.Members.Count + 1);

        Assert.Equal(("", 503), await AnsweredAsync());
        var told = await Told.OfAsync(mesh.ControlPlane, request);
        Assert.Equal(503, told.Outcomes.Single().GetProperty("status").GetInt32());

        async Task<(string Workload, int Status)> AnsweredAsync()
        {
            var answer = await WireAnswer.OfAsync(port, request, limit.Token);
            return (answer.Workload, answer.Status);
        }
    }

    private static async Task<IReadOnlyList<string>> TryAsync(Comparison comparison, DrawnRequest request, string id)
    {
        try
        {
            return await comparison.DifferencesAsync(request, id);
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException or OperationCanceledException)
        {
            return [$"{id} did not end: {exception.Message}"];
        }
    }

    // More of them, or others, by the variable, e.g. 100-200.
    private static IEnumerable<int> Seeds()
    {
        var range = (Environment.GetEnvironmentVariable("MESH_DIFFERENCE_SEEDS") ?? "1-12").Split('-');
        return Enumerable.Range(int.Parse(range[0]), int.Parse(range[1]) - int.Parse(range[0]) + 1);
    }
}
