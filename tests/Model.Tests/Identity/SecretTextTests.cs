using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Model.Tests.Identity;

public sealed class SecretTextTests
{
    [Fact]
    public void What_it_is_made_of_and_what_it_holds_is_cleared()
    {
        var bytes = Encoding.UTF8.GetBytes("a key");

        var text = SecretText.Decode(bytes);
        var before = text.Span.ToString();
        text.Dispose();

        Assert.Equal("a key", before);
        Assert.All(bytes, value => Assert.Equal(0, value));
        Assert.Equal((5, true), (text.Length, text.Span.IndexOfAnyExcept('\0') < 0));
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void A_mark_of_an_encoding_is_no_part_of_the_text(string name)
    {
        var encoding = Encoding.GetEncoding(name);

        using var text = SecretText.Decode([.. encoding.GetPreamble(), .. encoding.GetBytes("a key")]);

        Assert.Equal("a key", text.Span.ToString());
    }

    [Fact]
    public void A_key_comes_back_from_its_text()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var again = ECDsa.Create();

        using var text = SecretText.OfKey(key);
        again.ImportFromPem(text.Span);

        Assert.Equal(key.ExportSubjectPublicKeyInfo(), again.ExportSubjectPublicKeyInfo());
        Assert.Equal(key.ExportPkcs8PrivateKeyPem(), text.Span.ToString());
        Assert.Equal(text.Span.ToString(), Encoding.UTF8.GetString(text.ToBytes()));
        Assert.DoesNotContain("KEY", $"{text}", StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_are_equal_by_what_they_hold()
    {
        Assert.Equal(SecretText.Of("one"), SecretText.Of("one"));
        Assert.NotEqual(SecretText.Of("one"), SecretText.Of("two"));
        Assert.NotEqual(SecretText.Of("one"), SecretText.Empty);
        Assert.False(SecretText.Of("one").Equals(null));
    }
}
