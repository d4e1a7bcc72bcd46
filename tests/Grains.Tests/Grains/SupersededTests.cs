using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Tests.Identity;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>A certificate renews for the node that it was issued to, while it is its newest or the one before.</summary>
public sealed class SupersededTests
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";

    [Fact]
    public async Task The_newest_certificate_and_the_one_before_renew_and_no_older_one()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await IssueAsync(silo, "shop/cart-1");
        var second = await IssueAsync(silo, "shop/cart-1");

        Assert.IsType<IssueResult.Issued>(await RenewAsync(silo, first, "shop/cart-1")); // the second one was lost on its way

        Assert.IsType<IssueResult.Superseded>(await RenewAsync(silo, first, "shop/cart-1"));
        Assert.IsType<IssueResult.Issued>(await RenewAsync(silo, second, "shop/cart-1"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task However_old_it_is_it_renews_as_no_other_node(int replaced)
    {
        await using var silo = await TestSilo.StartAsync();
        await IssueAsync(silo, "shop/cart-2");
        var stolen = await IssueAsync(silo, "shop/cart-1");
        for (var i = 0; i < replaced; i++) await IssueAsync(silo, "shop/cart-1");
        var before = await silo.Grain<IIdentityGrain>(Cart).ListAsync(default);

        foreach (var node in (string[])["shop/cart-2", "sidecar~10.0.0.1~cart-2.shop~shop.svc", "shop/new", "rest", "agent~10.0.0.9"])
        {
            var result = await RenewAsync(silo, stolen, node);
            Assert.True(result is IssueResult.OtherNode or IssueResult.Superseded, $"{node}: {result}");
            Assert.NotNull(await FindFaultAsync(silo, stolen, node));
        }

        Assert.Equal(before.AsEnumerable(), await silo.Grain<IIdentityGrain>(Cart).ListAsync(default));
    }

    [Fact]
    public async Task Another_spelling_of_the_name_is_no_second_line_of_certificates()
    {
        const string Twin = "thief~x~cart-1.shop~x";
        await using var silo = await TestSilo.StartAsync();
        var first = await IssueAsync(silo, "shop/cart-1");
        var stolen = Serial(await RenewAsync(silo, first, Twin));
        var own = Serial(await RenewAsync(silo, first, "shop/cart-1"));
        own = Serial(await RenewAsync(silo, own, "shop/cart-1"));

        foreach (var node in (string[])["shop/cart-1", Twin, "other~y~cart-1.shop~y", "cart-1"])
        {
            Assert.IsType<IssueResult.Superseded>(await RenewAsync(silo, stolen, node));
        }

        Assert.Equal("shop/cart-1", Assert.Single(await silo.Grain<IIdentityGrain>(Cart).ListAsync(default)).NodeId);
        Assert.IsType<IssueResult.Issued>(await RenewAsync(silo, own, "shop/cart-1"));
    }

    [Fact]
    public async Task Who_is_called_otherwise_since_takes_its_certificates_along()
    {
        const string Sidecar = "sidecar~10.0.0.1~cart-1.shop~shop.svc";
        await using var silo = await TestSilo.StartAsync();
        var first = await IssueAsync(silo, "shop/cart-1");

        var second = Serial(await RenewAsync(silo, first, Sidecar));
        var again = Serial(await RenewAsync(silo, first, Sidecar)); // the second one was lost on its way

        Assert.Equal(Sidecar, Assert.Single(await silo.Grain<IIdentityGrain>(Cart).ListAsync(default)).NodeId);
        Assert.IsType<IssueResult.Superseded>(await RenewAsync(silo, first, Sidecar));
        Assert.IsType<IssueResult.Issued>(await RenewAsync(silo, second, Sidecar));
        Assert.IsType<IssueResult.Issued>(await RenewAsync(silo, again, Sidecar));
    }

    [Fact]
    public async Task It_is_so_in_the_next_silo_too()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await IssueAsync(silo, "shop/cart-1");
        var second = await IssueAsync(silo, "shop/cart-1");
        await IssueAsync(silo, "shop/cart-1");

        await using var next = await TestSilo.StartAsync(silo.Stores);

        Assert.IsType<IssueResult.Superseded>(await RenewAsync(next, first, "shop/cart-1"));
        Assert.IsType<IssueResult.OtherNode>(await RenewAsync(next, second, "shop/cart-2"));
        Assert.IsType<IssueResult.Issued>(await RenewAsync(next, second, "shop/cart-1"));
    }

    [Fact]
    public async Task A_certificate_that_nobody_knows_renews_nothing()
    {
        await using var silo = await TestSilo.StartAsync();
        await IssueAsync(silo, "shop/cart-1");

        Assert.IsType<IssueResult.Superseded>(await RenewAsync(silo, "0A0B", "shop/cart-1"));
        Assert.IsType<IssueResult.Superseded>(await RenewAsync(silo, "0A0B", "shop/new"));
    }

    [Fact]
    public async Task Who_says_no_name_gets_the_next_one_as_the_node_of_its_certificate()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await IssueAsync(silo, "shop/cart-1");
        await IssueAsync(silo, "shop/cart-1");

        var issued = Assert.IsType<IssueResult.Issued>(await RenewAsync(silo, first, "rest", isNameless: true));

        Assert.Equal("shop/cart-1", issued.View.NodeId);
    }

    [Fact]
    public async Task Processes_that_share_a_made_up_name_renew_beside_each_other()
    {
        await using var silo = await TestSilo.StartAsync(configure: options => options.IssueBurst = 200);
        var serials = new List<string>();
        for (var i = 0; i < 5; i++) serials.Add(await IssueAsync(silo, "rest"));

        Assert.IsType<IssueResult.Issued>(await RenewAsync(silo, serials[0], "rest", isNameless: true));

        for (var i = 0; i < FormerMachine.MaxOfMadeUp; i++) await IssueAsync(silo, "rest");
        Assert.IsType<IssueResult.Superseded>(await RenewAsync(silo, serials[1], "rest", isNameless: true));
    }

    [Fact]
    public async Task A_certificate_that_is_revoked_renews_nothing()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await IssueAsync(silo, "shop/cart-1");
        var second = await IssueAsync(silo, "shop/cart-1");

        Assert.True(await silo.Grain<IIdentityGrain>(Cart).ForgetAsync(first, default));
        Assert.True(await silo.Grain<IIdentityGrain>(Cart).ForgetAsync(second, default));

        Assert.IsType<IssueResult.Superseded>(await RenewAsync(silo, first, "shop/cart-1"));
        Assert.IsType<IssueResult.Superseded>(await RenewAsync(silo, second, "shop/cart-1"));
    }

    [Fact]
    public async Task Revoking_the_newest_certificate_of_a_node_leaves_it_none_to_renew_by()
    {
        await using var silo = await TestSilo.StartAsync();
        var first = await IssueAsync(silo, "shop/cart-1");
        var newest = await IssueAsync(silo, "shop/cart-1");
        var neighbour = await IssueAsync(silo, "shop/cart-2");

        Assert.True(await silo.Grain<IIdentityGrain>(Cart).ForgetAsync(newest, default));

        Assert.IsType<IssueResult.Superseded>(await RenewAsync(silo, first, "shop/cart-1"));
        Assert.IsType<IssueResult.Issued>(await RenewAsync(silo, neighbour, "shop/cart-2"));
    }

    private static async Task<string> IssueAsync(TestSilo silo, string node) => Assert.IsType<IssueResult.Issued>(
        await silo.Grain<IIdentityGrain>(Cart).IssueAsync(new IssueRequest([.. CsrSamples.P256()], node, null), default)).View.Serial;

    private static string Serial(IssueResult result) => Assert.IsType<IssueResult.Issued>(result).View.Serial;

    private static Task<IssueResult> RenewAsync(TestSilo silo, string serial, string node, bool isNameless = false) =>
        silo.Grain<IIdentityGrain>(Cart).IssueAsync(Request(serial, node, isNameless), default);

    private static Task<IssueResult?> FindFaultAsync(TestSilo silo, string serial, string node) =>
        silo.Grain<IIdentityGrain>(Cart).FindNodeFaultAsync(Request(serial, node, isNameless: false), default);

    private static IssueRequest Request(string serial, string node, bool isNameless) =>
        new([.. CsrSamples.P256()], node, null, new NodeProof("", MayRepeat: true, serial, isNameless));
}
