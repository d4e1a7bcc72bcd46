using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Cluster.Tests.Clients;
using MeshOrleans.Samples.Harness;
using Xunit.Abstractions;

namespace MeshOrleans.Cluster.Tests.Faults;

/// <summary>
/// Another root takes the place of the mesh's while the silo that has the authority dies: once while the next root is being
/// published, and once while the former one is leaving. A cluster of its own, as its certificates live for half a minute.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class RootRotationTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int PerSecond = 100;
    private const int JoinsPerSecond = 5;
    private const string Mesh = """
        {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: all}, spec: {mtls: {mode: STRICT}}}
        """;

    // A request is remembered until its certificate is to be replaced, at 0.49 of its lifetime at the earliest.
    private static readonly TimeSpan _remembered = TimeSpan.FromSeconds(0.49 * 30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-root-cluster-");
    private readonly List<DateTimeOffset> _changesOfRoots = [];
    private Samples.Harness.Cluster _cluster = null!;
    private Member _client = null!;
    private Member _server = null!;

    public async Task InitializeAsync()
    {
        _cluster = await Samples.Harness.Cluster.StartAsync(
            Path.Combine(_directory.FullName, "cluster"),
            new ClusterSpec
            {
                Flags =
                [
                    "--certificate-lifetime", "00:00:30",
                    "--ca-publish-for", "00:00:10",
                    "--ca-publish-patience", "00:02:00",
                    "--ca-retire-grace", "00:00:05",
                ],
            });
        await _cluster.Silos[0].ApplyAsync(Mesh);
        _client = await Member.StartAsync(_cluster.Gateways[0], _directory.FullName, Spec("a"));
        _server = await Member.StartAsync(_cluster.Gateways[1], _directory.FullName, Spec("b"));
        await _client.ReachAsync("http://b/");
    }

    public async Task DisposeAsync()
    {
        if (_client is not null) await _client.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_rotation_goes_on_and_ends_when_the_silo_that_has_it_dies_in_each_phase()
    {
        await using var load = new Load(_client.Client, "http://b/", PerSecond);
        await load.MoreAsync(200);
        await using var watch = BundleWatch.Start(_client, _server);
        await using var joining = Registrar.Start(_cluster.Gateways, "rotate", JoinsPerSecond);
        var first = await RootsAsync(_cluster.Gateways[0]);

        _changesOfRoots.Add(DateTimeOffset.UtcNow);
        using (var begun = await _cluster.Silos[0].Api.PostAsync("/v1/ca/rotate", content: null)) begun.EnsureSuccessStatusCode();
        await PhaseAsync("publishing", 20);
        await KillHolderAsync();
        await PhaseAsync("retiring", 120);
        await KillHolderAsync();
        await PhaseAsync("settled", 180);
        await load.MoreAsync(200);
        await joining.StopAsync();

        var last = await RootsAsync(_cluster.Gateways[1]);
        output.WriteLine(
            $"{load.Sent} requests, {joining.Joined.Count} members joined ({joining.Retried} asked again), "
            + $"{watch.Bundles} bundles seen, {watch.Certificates} certificates verified");
        Assert.True(load.Failed == 0, $"{load.Failed} of {load.Sent}:\n{string.Join('\n', load.Failures)}");
        Assert.NotEqual(Assert.Single(first).Thumbprint, Assert.Single(last).Thumbprint);
        foreach (var process in _cluster.Processes)
        {
            Assert.Equal(last[0].Thumbprint, Assert.Single(await RootsAsync(process)).Thumbprint);
        }

        Assert.Equal(joining.Asked, joining.Joined.Count);
        Registrar.VerifySignatures(_cluster.Silos, MayDiffer);
        Assert.True(watch.Faults.IsEmpty, string.Join('\n', watch.Faults));
        Assert.True(watch.Certificates >= 4, $"Only {watch.Certificates} certificates were seen."); // two each, at least
        AssertOneAuthority();
    }

    /// <summary>
    /// Kills the silo whose authority has signed last, waits until another one has taken it over, and starts it again. That the
    /// right one died shows in who signs afterwards.
    /// </summary>
    private async Task KillHolderAsync()
    {
        var holder = Holder();
        output.WriteLine($"{holder.Name} dies");
        holder.Process.Kill(); // what it has signed meanwhile may be read later still
        for (var end = DateTime.UtcNow.AddSeconds(60); Holder().Name == holder.Name; await Task.Delay(100))
        {
            Assert.True(DateTime.UtcNow < end, "Nobody signs after the silo with the authority has died.");
        }

        await holder.RestartAsync();
    }

    private ControlPlane Holder() => _cluster.Silos
        .Where(silo => silo.Lines("Signed ").Any())
        .MaxBy(silo => silo.Lines("Signed ").Select(Registrar.TimeOf).Max())!;

    private List<(DateTimeOffset At, string Silo)> Signatures() =>
    [
        .. _cluster.Silos.SelectMany(silo => silo.Lines("Signed ").Select(line => (Registrar.TimeOf(line), silo.Name)))
            .OrderBy(signature => signature.Item1),
    ];

    // One after the other: whoever signs has it, and it comes back to nobody while another one signs.
    private void AssertOneAuthority()
    {
        var spells = new List<string>();
        foreach (var (_, silo) in Signatures())
        {
            if (spells.Count == 0 || spells[^1] != silo) spells.Add(silo);
        }

        output.WriteLine($"authority: {string.Join(", ", spells)}");
        Assert.Equal(3, spells.Count); // two deaths
    }

    private async Task PhaseAsync(string phase, int seconds)
    {
        await _cluster.Gateways[0].WaitForAsync(
            "/v1/ca", ca => ca.GetProperty("phase").GetString() == phase, $"phase {phase}", seconds);
        _changesOfRoots.Add(DateTimeOffset.UtcNow);
    }

    // What makes two calls one request is in IssueKey: the roots are part of it, as a chain to those of yesterday helps nobody. A change
    // is seen some time after it was made.
    private bool MayDiffer(DateTimeOffset first, DateTimeOffset second) =>
        second - first >= _remembered
        || _changesOfRoots.Exists(at => first <= at.AddSeconds(1) && second >= at.AddSeconds(-3));

    private static async Task<List<X509Certificate2>> RootsAsync(ControlPlane process) =>
    [
        .. (await process.GetAsync("/v1/trust-bundle")).GetProperty("roots").EnumerateArray()
            .Select(pem => X509Certificate2.CreateFromPem(pem.GetString()!)),
    ];

    private MemberSpec Spec(string name) =>
        new($"{name}-1", "default", name, new Dictionary<string, string> { ["app"] = name }) { Xds = _cluster.Xds };
}
