#if MESH_ENGINE_ORLEANS
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>
/// Every message between grains and every saved state, with every member set, comes back from Orleans' serializer as it
/// was. (The embedded engine's own form has tests of its own.)
/// </summary>
public sealed class SerializationTests : IDisposable
{
    private static readonly Type[] _types =
    [
        .. new[] { typeof(MeshKeys).Assembly, typeof(StorageNames).Assembly }
            .SelectMany(a => a.GetTypes())
            .Where(t => t.IsDefined(typeof(GenerateSerializerAttribute), inherit: false) && !t.IsAbstract)
            .OrderBy(t => t.FullName, StringComparer.Ordinal),
    ];

    private readonly ServiceProvider _services = new ServiceCollection()
        .AddSerializer(serializer => serializer.AddAssembly(typeof(MeshKeys).Assembly).AddAssembly(typeof(StorageNames).Assembly))
        .BuildServiceProvider();

    public static TheoryData<string> Types => [.. _types.Select(t => t.FullName!)];

    public void Dispose() => _services.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void What_is_written_comes_back(string name)
    {
        var type = _types.Single(t => t.FullName == name);
        var before = new SampleValues().Make(type);
        var serializer = _services.GetRequiredService<Serializer<object>>();

        var after = serializer.Deserialize(serializer.SerializeToArray(before));

        Assert.Equal(SampleValues.Write(before), SampleValues.Write(after));
    }
}
#endif
