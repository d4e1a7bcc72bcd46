using MeshOrleans.Multicluster.Federation;

namespace MeshOrleans.Silo.Tests.Federation;

public sealed class PeerCredentialTests
{
    [Fact]
    public void A_credential_survives_the_way_over_text_even_when_the_link_has_dots()
    {
        var credential = PeerCredential.Create("mesh-b.local");

        Assert.True(PeerCredential.TryParse(credential.Reveal(), out var read));
        Assert.Equal("mesh-b.local", read.Link);
        Assert.True(read.Matches(credential.Hash));
    }

    [Fact]
    public void Another_secret_for_the_same_link_does_not_match() =>
        Assert.False(PeerCredential.Create("b").Matches(PeerCredential.Create("b").Hash));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("mp1.")]
    [InlineData("mp1..AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("mp1.b.short")]
    [InlineData("mp2.b.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_credential_is_refused(string? text) => Assert.False(PeerCredential.TryParse(text, out _));
}
