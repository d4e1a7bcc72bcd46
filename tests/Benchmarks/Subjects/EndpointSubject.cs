using System.Collections.Immutable;
using MeshOrleans.Benchmarks.Load;
using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Benchmarks.Subjects;

/// <summary>The whole way of an endpoint: each slot is a member that registers with another description.</summary>
internal sealed class EndpointSubject(IGrainFactory grains, int members) : ISubject
{
    private static readonly TimeSpan _lease = TimeSpan.FromHours(1);

    private readonly IWorkloadGrain[] _members =
        [.. Enumerable.Range(0, members).Select(i => grains.GetGrain<IWorkloadGrain>($"bench/member-{i}"))];

    public int Slots => members;

    public Task PrepareAsync(CancellationToken cancellationToken) => Parallel.ForAsync(
        0,
        members,
        new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellationToken },
        async (slot, token) => await RegisterAsync(slot, "first", token));

    public Task ChangeAsync(int slot, Change change, CancellationToken cancellationToken) =>
        RegisterAsync(slot, change.Mark, cancellationToken);

    private async Task RegisterAsync(int slot, string mark, CancellationToken cancellationToken)
    {
        var registration = new WorkloadRegistration
        {
            Address = Addresses.Of(slot),
            Ports = ImmutableDictionary<string, int>.Empty.Add("http", 8080),
            Labels = ImmutableDictionary<string, string>.Empty.Add("app", "member").Add("change", mark),
            Locality = "region/zone",
            ServiceAccount = "member",
            Lease = _lease,
        };
        var result = await _members[slot].RegisterAsync(registration, cancellationToken);
        if (result is RegisterResult.Registered) return;
        throw new InvalidOperationException($"Member {slot} got {result}.");
    }
}
