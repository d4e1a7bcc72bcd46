using System.Security.Cryptography;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

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

    private delegate void LineSink(ReadOnlySpan<char> line);

    /// <summary>The text; that of a single authority with its root's key is what former versions wrote.</summary>
    public static SecretText Write(AuthorityKeys keys)
    {
        var length = 0;
        Write(keys, line => length += line.Length + Environment.NewLine.Length);
        var text = new char[length];
        var written = 0;
        Write(keys, line =>
        {
            line.CopyTo(text.AsSpan(written));
            Environment.NewLine.CopyTo(text.AsSpan(written + line.Length));
            written += line.Length + Environment.NewLine.Length;
        });
        return SecretText.Take(text);
    }

    /// <summary>Reads the text; null when it is no such.</summary>
    public static AuthorityKeys? Read(ReadOnlySpan<char> text)
    {
        var blocks = Blocks(text);
        var second = blocks.FindIndex(block => block.Says == Next);
        if (second < 0) return ReadOne(text, blocks) is { } only ? new AuthorityKeys(only) : null;
        return ReadOne(text, blocks[..second]) is { } first
            && ReadOne(text, [blocks[second] with { Says = "" }, .. blocks[(second + 1)..]]) is { } next
            ? new AuthorityKeys(first, next)
            : null;
    }

    private static void Write(AuthorityKeys keys, LineSink say)
    {
        Write(keys.First, say);
        if (keys.Second is null) return;
        say(Next);
        Write(keys.Second, say);
    }

    private static void Write(AuthorityMaterial material, LineSink say)
    {
        SayBlock(material.RootCertificate, say);
        SayBlock(material.RootKey.Span, say);
        SayBlock(material.SigningCertificate, say);
        SayBlock(material.SigningKey.Span, say);
        foreach (var block in Blocks(material.Intermediates))
        {
            say(Intermediate);
            say(material.Intermediates.AsSpan()[block.At]);
        }

        if (material.Link.Length == 0) return;
        say(Link);
        SayBlock(material.Link, say);
    }

    private static void SayBlock(ReadOnlySpan<char> block, LineSink say)
    {
        if (block.Length > 0) say(block.Trim());
    }

    private static AuthorityMaterial? ReadOne(ReadOnlySpan<char> text, List<Block> blocks)
    {
        var main = blocks.FindAll(block => block.Says.Length == 0);
        var intermediates = blocks.FindAll(block => block.Says == Intermediate);
        var links = blocks.FindAll(block => block.Says == Link);
        if (main.Count + intermediates.Count + links.Count != blocks.Count || links.Count > 1) return null;
        if (intermediates.Concat(links).Any(block => block.Label != Certificate)) return null;
        var labels = main.Select(block => block.Label).ToArray();
        if (labels is not [Certificate, PrivateKey, Certificate, PrivateKey]
            and not [Certificate, Certificate, PrivateKey])
        {
            return null;
        }

        var between = new List<string>();
        foreach (var block in intermediates) between.Add(text[block.At].ToString());
        return new AuthorityMaterial(
            text[main[0].At].ToString(),
            main.Count == 4 ? SecretText.Of(text[main[1].At]) : SecretText.Empty,
            text[main[^2].At].ToString(),
            SecretText.Of(text[main[^1].At]),
            string.Join(Environment.NewLine, between),
            links is [var link] ? text[link.At].ToString() : "");
    }

    private static List<Block> Blocks(ReadOnlySpan<char> text)
    {
        var blocks = new List<Block>();
        var start = 0;
        while (PemEncoding.TryFind(text[start..], out var fields))
        {
            var rest = text[start..];
            var (at, length) = fields.Location.GetOffsetAndLength(rest.Length);
            var says = rest[..at].Trim().ToString();
            blocks.Add(new Block(says, rest[fields.Label].ToString(), new Range(start + at, start + at + length)));
            start += at + length;
        }

        if (!text[start..].IsWhiteSpace()) blocks.Add(new Block("?", "", ..0)); // nothing known: refused
        return blocks;
    }

    /// <param name="Says">The line before it.</param>
    /// <param name="Label">What it is.</param>
    /// <param name="At">Where it is in the text.</param>
    private sealed record Block(string Says, string Label, Range At);
}
