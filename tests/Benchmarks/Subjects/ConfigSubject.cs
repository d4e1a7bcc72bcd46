using MeshOrleans.Benchmarks.Load;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Config;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Benchmarks.Subjects;

/// <summary>The configuration: each slot is one resource, and each change a revision of its own.</summary>
internal sealed class ConfigSubject(IGrainFactory grains, int documents) : ISubject
{
    private readonly IMeshConfigGrain _config = grains.GetGrain<IMeshConfigGrain>(MeshKeys.Default);

    public int Slots => documents;

    public async Task PrepareAsync(CancellationToken cancellationToken) =>
        await _config.GetRevisionAsync(cancellationToken);

    public async Task ChangeAsync(int slot, Change change, CancellationToken cancellationToken)
    {
        var resource = ConfigJson.Read(
            $$$"""
            {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry",
             "metadata": {"name": "bench-{{{slot}}}", "namespace": "bench"},
             "spec": {"hosts": ["{{{change.Mark}}}.test"], "resolution": "STATIC",
               "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
               "endpoints": [{"address": "{{{Addresses.Of(slot)}}}"}]}}
            """);
        var document = new ConfigDocument(resource.Key.ToString(), ConfigJson.Write(resource));
        var request = new ApplyRequest { Put = [document], Author = "bench", Reason = change.Mark };
        var result = await _config.ApplyAsync(request, cancellationToken);
        if (result is not ApplyResult.Accepted) throw new InvalidOperationException($"Resource {slot} got {result}.");
    }
}
