using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>
/// Trust bundles as JSON: what <c>GET /v1/trust-bundle</c> answers (<c>trustDomain, roots, sequence</c>), and in the
/// state directory the same with what is revoked and the federated ones beside it.
/// </summary>
internal static class TrustFileFormat
{
    private const int MaxRoots = 100;

    /// <returns>What is wrong, or null; then <paramref name="trust"/> is set.</returns>
    public static string? TryRead(ReadOnlySpan<byte> json, out Trust? trust)
    {
        trust = null;
        TrustDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(json, TrustJson.Default.TrustDocument);
        }
        catch (JsonException)
        {
            return "it is not the JSON of a trust bundle";
        }

        if (document?.Roots is not { Length: > 0 and <= MaxRoots }) return "it has no roots, or too many";
        if (ToBundle(document, isLocal: true) is not { } own) return "its trust domain is none";
        var bundles = ImmutableArray.CreateBuilder<TrustBundle>();
        bundles.Add(own);
        foreach (var other in document.Federated ?? [])
        {
            if (ToBundle(other, isLocal: false) is not { } bundle) return "a federated trust domain is none";
            bundles.Add(bundle);
        }

        return Trust.TryCreate(own.TrustDomain, bundles.ToImmutable(), out trust);
    }

    public static byte[] Write(Trust trust)
    {
        var own = ToDocument(trust.Bundles.Single(b => b.TrustDomain == trust.Own));
        own.Federated = [.. trust.Bundles.Where(b => b.TrustDomain != trust.Own).Select(ToDocument)];
        return JsonSerializer.SerializeToUtf8Bytes(own, TrustJson.Default.TrustDocument);
    }

    private static TrustBundle? ToBundle(TrustDocument document, bool isLocal) =>
        TrustDomain.TryParse(document.TrustDomain, out var domain)
            ? new TrustBundle(domain, [.. document.Roots ?? []], document.Sequence, isLocal)
            {
                CrlsPem = [.. document.Crls ?? []],
            }
            : null;

    private static TrustDocument ToDocument(TrustBundle bundle) => new()
    {
        TrustDomain = bundle.TrustDomain.Name, Roots = [.. bundle.RootsPem], Sequence = bundle.Sequence,
        Crls = bundle.CrlsPem.IsEmpty ? null : [.. bundle.CrlsPem],
    };
}

internal sealed class TrustDocument
{
    public string TrustDomain { get; set; } = "";

    public string[]? Roots { get; set; }

    public long Sequence { get; set; }

    public string[]? Crls { get; set; }

    public TrustDocument[]? Federated { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 8)]
[JsonSerializable(typeof(TrustDocument))]
internal sealed partial class TrustJson : JsonSerializerContext;
