using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Grains.Identity;

namespace MeshOrleans.Silo.Identity;

/// <summary>
/// The authority's keys as one text. Of each authority: the root certificate, its key (where it is here), the signing
/// certificate, its key; then what leads from that to the root. A line before a block names the ones that are not of these
/// four, and the second authority: text between blocks is what RFC 7468 section 2 calls explanatory.
/// </summary>
internal static class AuthorityPem
{
    /// <summary>What a text must be; goes on a sentence.</summary>
    public const string Demand =
        "is not a root certificate, its key, a signing certificate and its key, in this order, for one authority or two";

    private const string Next = "next authority";
    private const string Intermediate = "intermediate";
    private const string Link = "link";
    private const string Certificate = "CERTIFICATE";
    private const string PrivateKey = "PRIVATE KEY";

    /// <summary>The text; that of a single authority with its root's key is what former versions wrote.</summary>
    public static string Write(AuthorityKeys keys)
    {
        var text = new StringBuilder();
        Write(text, keys.First);
        if (keys.Second is null) return text.ToString();
        text.AppendLine(Next);
        Write(text, keys.Second);
        return text.ToString();
    }

    /// <summary>Reads the text; null when it is no such.</summary>
    public static AuthorityKeys? Read(string text)
    {
        var blocks = Blocks(text);
        var second = blocks.FindIndex(block => block.Says == Next);
        if (second < 0) return ReadOne(blocks) is { } only ? new AuthorityKeys(only) : null;
        return ReadOne(blocks[..second]) is { } first
            && ReadOne([blocks[second] with { Says = "" }, .. blocks[(second + 1)..]]) is { } next
            ? new AuthorityKeys(first, next)
            : null;
    }

    private static void Write(StringBuilder text, AuthorityMaterial material)
    {
        string[] parts = [material.RootCertificate, material.RootKey, material.SigningCertificate, material.SigningKey];
        foreach (var part in parts.Where(part => part.Length > 0)) text.AppendLine(part.Trim());
        foreach (var block in Blocks(material.Intermediates)) text.AppendLine(Intermediate).AppendLine(block.Pem);
        if (material.Link.Length > 0) text.AppendLine(Link).AppendLine(material.Link.Trim());
    }

    private static AuthorityMaterial? ReadOne(List<Block> blocks)
    {
        var main = blocks.FindAll(block => block.Says.Length == 0);
        var intermediates = blocks.FindAll(block => block.Says == Intermediate);
        var links = blocks.FindAll(block => block.Says == Link);
        if (main.Count + intermediates.Count + links.Count != blocks.Count || links.Count > 1) return null;
        if (intermediates.Concat(links).Any(block => block.Label != Certificate)) return null;
        var labels = main.Select(block => block.Label).ToArray();
        var rootKey = labels switch
        {
            [Certificate, PrivateKey, Certificate, PrivateKey] => main[1].Pem,
            [Certificate, Certificate, PrivateKey] => "",
            _ => null,
        };
        return rootKey is null
            ? null
            : new AuthorityMaterial(
                main[0].Pem,
                rootKey,
                main[^2].Pem,
                main[^1].Pem,
                string.Join(Environment.NewLine, intermediates.Select(block => block.Pem)),
                links is [var link] ? link.Pem : "");
    }

    private static List<Block> Blocks(string text)
    {
        var blocks = new List<Block>();
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            var says = rest[..fields.Location.Start].Trim().ToString();
            blocks.Add(new Block(says, rest[fields.Label].ToString(), rest[fields.Location].ToString()));
            rest = rest[fields.Location.End..];
        }

        if (!rest.IsWhiteSpace()) blocks.Add(new Block(rest.ToString(), "", "")); // nothing known: refused
        return blocks;
    }

    private sealed record Block(string Says, string Label, string Pem);
}
