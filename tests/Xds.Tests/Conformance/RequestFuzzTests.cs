using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Tests.Gateway;

namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>
/// Whatever a client answers, refuses, repeats and mistakes while the mesh changes: its stream lives, every nonce is new,
/// every state is whole, and nothing that was refused comes again before it has changed.
/// </summary>
public sealed class RequestFuzzTests
{
    private const int Steps = 120;
    private static readonly string[] _types = [TypeUrls.Cluster, TypeUrls.Listener, TypeUrls.ClusterLoadAssignment];
    private static readonly string[] _names = [Mesh.A, Mesh.B, Mesh.C, Mesh.D, Mesh.NoSuchName];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task No_order_of_requests_breaks_a_rule(int seed)
    {
        var random = new Random(seed);
        await using var host = await GatewayHost.StartAsync();
        await using var client = await ConformanceClient.OpenAsync(host, Mode.StateOfTheWorld);
        var states = _types.ToDictionary(t => t, _ => new State());
        await client.LoadAsync();
        var everything = host.Status.FindResources(new ProxyKey("", AdsClient.NodeId))!;
        foreach (var type in _types) states[type].Always = [.. everything.Group(type)!.Resources.Select(r => r.Name)];
        states[TypeUrls.ClusterLoadAssignment].Always = [];

        for (var step = 1; step <= Steps; step++)
        {
            var type = _types[random.Next(_types.Length)];
            await StepAsync(host, client, random, type, states[type], step);
            await foreach (var answer in AnswersAsync(client, step)) Take(answer, states[answer.TypeUrl], $"seed {seed}, step {step}");
        }

        Assert.False(client.Stream.IsOver, $"seed {seed}: {(client.Stream.IsOver ? await client.EndAsync() : null)}");
        Assert.Contains(states.Values, s => s.HadRefusals);
    }

    private static async Task StepAsync(GatewayHost host, ConformanceClient client, Random random, string type, State state, int step)
    {
        var last = state.Last;
        switch (random.Next(9))
        {
            case 0 or 1 when last is not null:
                state.Last = null;
                await client.AckAsync(last);
                break;
            case 2 when last is not null:
                state.Last = null;
                state.Refuse(last);
                await client.NackAsync(last, $"no, says step {step}");
                break;
            case 3:
                await client.SendAsync(type, nonce: $"stale-{step}", error: random.Next(2) == 0 ? "no" : null);
                break;
            case 4 when type == TypeUrls.ClusterLoadAssignment:
                var name = _names[random.Next(_names.Length)];
                state.Refused.Remove(name);
                await client.SubscribeAsync(type, name);
                break;
            case 5:
                state.Refused.Clear();
                state.RefusedVersion = null;
                await client.SendAsync(type); // from the beginning
                break;
            case 6:
                host.AddEndpoint("b", 20 + random.Next(3));
                break;
            case 7:
                if (random.Next(2) == 0) host.AddService(revision: step + 1);
                else host.RemoveService("d");
                break;
            case 8:
                await client.SendAsync($"type.googleapis.com/no.such.Type{random.Next(50)}");
                break;
        }
    }

    /// <summary>What has come by the time that a question of another type is answered.</summary>
    private static async IAsyncEnumerable<Answer> AnswersAsync(ConformanceClient client, int step)
    {
        await client.SubscribeAsync(TypeUrls.RouteConfiguration, $"probe-{step}");
        while (true)
        {
            var answer = await client.NextAsync();
            if (answer.TypeUrl != TypeUrls.RouteConfiguration) yield return answer;
            else if (answer.Names.Contains($"probe-{step}")) yield break;
        }
    }

    private static void Take(Answer answer, State state, string where)
    {
        state.Last = answer;
        Assert.True(state.Always.IsSubsetOf(answer.Names), $"{where}: {answer.TypeUrl} is not whole");
        if (answer.TypeUrl != TypeUrls.ClusterLoadAssignment)
        {
            Assert.True(state.RefusedVersion != answer.Version, $"{where}: {answer.TypeUrl} was refused and has come again");
            state.RefusedVersion = null;
            return;
        }

        foreach (var (name, _, content) in answer.Resources)
        {
            Assert.False(
                state.Refused.TryGetValue(name, out var refused) && refused.Equals(content),
                $"{where}: {name} was refused and has come again");
            state.Refused.Remove(name);
        }
    }

    /// <summary>What the test knows of one type.</summary>
    private sealed class State
    {
        /// <summary>What has not been answered.</summary>
        public Answer? Last { get; set; }

        public string? RefusedVersion { get; set; }

        public Dictionary<string, Google.Protobuf.WellKnownTypes.Any> Refused { get; } = [];

        public bool HadRefusals { get; private set; }

        /// <summary>What each state must hold, whatever changes.</summary>
        public HashSet<string> Always { get; set; } = [];

        public void Refuse(Answer answer)
        {
            HadRefusals = true;
            RefusedVersion = answer.Version;
            foreach (var (name, _, content) in answer.Resources) Refused[name] = content;
        }
    }
}
