using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Identity;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>What one certificate costs, in what is written for it.</summary>
public sealed class IssueCostTests
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";
    private const int Sample = 10;

    [Fact]
    public async Task What_is_written_for_one_certificate_does_not_grow_with_the_nodes_of_its_identity()
    {
        await using var silo = await TestSilo.StartAsync();
        var csr = CsrSamples.P256();
        await IssueAsync(silo, csr, 0, 20);
        var few = await CostOfRenewalsAsync(silo);

        await IssueAsync(silo, csr, 20, 320);
        var many = await CostOfRenewalsAsync(silo);

        Assert.InRange(many.Written, 0, 3 * few.Written); // 16 times as many nodes, of which 1.25 more share a part
        Assert.Equal(few.Writes, many.Writes);
    }

    private static async Task<(long Written, int Writes)> CostOfRenewalsAsync(TestSilo silo)
    {
        var (written, writes) = (silo.Stores.State.Written, silo.Stores.State.Writes);
        await IssueAsync(silo, CsrSamples.P256(), 0, Sample);
        return (silo.Stores.State.Written - written, silo.Stores.State.Writes - writes);
    }

    private static async Task IssueAsync(TestSilo silo, byte[] csr, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            Assert.IsType<IssueResult.Issued>(await silo.Grain<IIdentityGrain>(Cart).IssueAsync(
                new IssueRequest([.. csr], $"shop/cart-{i}", null), default));
        }
    }
}
