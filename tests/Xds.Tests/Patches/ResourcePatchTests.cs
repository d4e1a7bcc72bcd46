using System.Text;
using Google.Protobuf;
using MeshOrleans.Xds.Protocol.Endpoint;
using MeshOrleans.Xds.Protocol.Patches;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Tests.Patches;

/// <summary>What is patched is what it was to become, byte for byte; what does not fit is nothing.</summary>
public sealed class ResourcePatchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_is_done_to_a_text_the_patch_makes_it(int seed)
    {
        var random = new Random(seed);
        var made = 0;
        for (var round = 0; round < 2_000; round++)
        {
            var before = Text(random, random.Next(0, 3_000), random.Next(1, 200));
            var after = before.ToList();
            for (var edits = random.Next(0, 6); edits > 0; edits--) Edit(after, random);
            var result = after.ToArray();
            if (PatchMaker.Make("v", before, result) is not { } patch) continue;

            made++;
            Assert.True(patch.CalculateSize() <= result.Length / 2);
            var read = ResourcePatch.Parser.ParseFrom(patch.ToByteArray());
            Assert.Equal(result, PatchReader.Apply(before, read, result.Length));
            Assert.Null(PatchReader.Apply(before, read, result.Length - 1));
        }

        Assert.True(made > 500, $"only {made} patches were worth making");
    }

    [Fact]
    public void One_endpoint_of_twenty_takes_a_fraction_wherever_it_is_and_whatever_becomes_of_it()
    {
        for (var place = 0; place < 20; place++)
        {
            var before = Assignment(20);
            var changed = before.Clone();
            changed.Endpoints[0].LbEndpoints[place].Endpoint.Address.SocketAddress.Address = "10.99.99.250";
            var removed = before.Clone();
            removed.Endpoints[0].LbEndpoints.RemoveAt(place);
            var added = before.Clone();
            added.Endpoints[0].LbEndpoints.Insert(place, Assignment(21).Endpoints[0].LbEndpoints[20]);

            foreach (var after in new[] { changed, removed, added })
            {
                var patch = PatchMaker.Make(new string('0', 32), before.ToByteArray(), after.ToByteArray())!;
                Assert.True(patch.CalculateSize() < 300, $"{patch.CalculateSize()} bytes at {place}");
            }
        }
    }

    [Fact]
    public void One_route_of_a_big_table_takes_a_hundred_bytes_or_so()
    {
        var before = new RouteConfiguration { Name = "80" };
        before.VirtualHosts.AddRange(Enumerable.Range(0, 1_000).Select(i => new VirtualHost
        {
            Name = $"service-{i}.namespace-{i % 7}.svc.cluster.local:80", Domains = { $"service-{i}", $"service-{i}.namespace-{i % 7}" },
        }));
        var after = before.Clone();
        after.VirtualHosts[500].Domains.Add("another.example");

        var patch = PatchMaker.Make(new string('0', 32), before.ToByteArray(), after.ToByteArray())!;

        Assert.True(patch.CalculateSize() < 120, $"{patch.CalculateSize()} bytes");
    }

    [Fact]
    public void What_nobody_made_is_applied_without_harm()
    {
        var random = new Random(7);
        var before = Text(random, 500, 20);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(0, 60)];
            random.NextBytes(bytes);
            try
            {
                var patch = ResourcePatch.Parser.ParseFrom(bytes);
                Assert.True(PatchReader.Apply(before, patch, 10_000) is null or { Length: <= 10_000 });
            }
            catch (InvalidProtocolBufferException)
            {
            }
        }
    }

    [Theory]
    [InlineData(0u, 11u)]
    [InlineData(11u, 0u)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    [InlineData(5u, uint.MaxValue)]
    public void A_stretch_that_is_not_there_fits_nothing(uint offset, uint length)
    {
        var patch = new ResourcePatch { Pieces = { new ResourcePatch.Types.Piece { Offset = offset, Length = length } } };
        Assert.Null(PatchReader.Apply(new byte[10], patch, int.MaxValue));
    }

    private static byte[] Text(Random random, int length, int words)
    {
        var text = new StringBuilder();
        while (text.Length < length) text.Append("word-").Append(random.Next(words)).Append(" of a resource; ");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Edit(List<byte> text, Random random)
    {
        var place = random.Next(0, text.Count + 1);
        var length = Math.Min(random.Next(0, 40), text.Count - place);
        switch (random.Next(3))
        {
            case 0:
                text.RemoveRange(place, length);
                break;
            case 1:
                var inserted = new byte[random.Next(0, 40)];
                random.NextBytes(inserted);
                text.InsertRange(place, inserted);
                break;
            default:
                for (var i = place; i < place + length; i++) text[i] = (byte)random.Next(256);
                break;
        }
    }

    private static ClusterLoadAssignment Assignment(int members)
    {
        var assignment = new ClusterLoadAssignment { ClusterName = "outbound|80||a.app.svc.cluster.local", Endpoints = { new LocalityLbEndpoints() } };
        assignment.Endpoints[0].LbEndpoints.AddRange(Enumerable.Range(0, members).Select(i => new LbEndpoint
        {
            HealthStatus = MeshOrleans.Xds.Protocol.Core.HealthStatus.Healthy,
            Endpoint = new() { Address = new() { SocketAddress = new() { Address = $"10.0.{i}.{i * 3}", PortValue = 8080 } } },
            Metadata = new() { FilterMetadata = { ["istio"] = new() { Fields = { ["workload"] = Google.Protobuf.WellKnownTypes.Value.ForString($"workload-{i};app;a;v1;") } } } },
        }));
        return assignment;
    }
}
