using MeshOrleans.Model.Identity;

namespace MeshOrleans.Model.Tests.Identity;

public sealed class NodeNameTests
{
    [Theory]
    [InlineData("shop/cart-1", "shop", "cart-1")]
    [InlineData("sidecar~10.0.0.1~cart-1.shop~shop.svc.cluster.local", "shop", "cart-1")]
    [InlineData("router~~a.b.shop~x", "shop", "a.b")]
    [InlineData("sidecar~10.0.0.1~cart~x", "", "cart")]
    [InlineData("cart-1", "", "cart-1")]
    [InlineData("a/b/c", "", "a/b/c")]
    [InlineData("a~b~c", "", "a~b~c")]
    [InlineData("", "", "")]
    public void A_node_id_is_read_in_whichever_form(string text, string ns, string name) =>
        Assert.Equal(new NodeName(ns, name), NodeName.Of(text));

    [Theory]
    [InlineData("shop/cart-1", "sidecar~10.0.0.9~cart-1.shop~x", true)]
    [InlineData("shop/cart-1", "cart-1", true)]
    [InlineData("shop/cart-1", "pay/cart-1", false)]
    [InlineData("shop/cart-1", "shop/cart-2", false)]
    [InlineData("vm-1", "vm-2", false)]
    public void Names_agree_when_they_may_be_those_of_one_node(string one, string other, bool expected) =>
        Assert.Equal(
            (expected, expected),
            (NodeName.Of(one).Agrees(NodeName.Of(other)), NodeName.Of(other).Agrees(NodeName.Of(one))));

    [Fact]
    public void What_the_control_plane_makes_up_names_nobody()
    {
        Assert.True(NodeName.IsMadeUp(NodeName.Rest));
        Assert.True(NodeName.IsMadeUp(NodeName.OfAgent("10.0.0.1")));
        Assert.False(NodeName.IsMadeUp("shop/cart-1"));
    }
}
