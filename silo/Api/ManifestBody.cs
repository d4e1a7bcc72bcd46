using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using MeshOrleans.Model.Config.Documents;

namespace MeshOrleans.Silo.Api;

/// <summary>One file of a change set.</summary>
internal sealed record ManifestFile(string Name, string Text);

/// <summary>A change set as it was posted: one YAML or JSON text, or many named files.</summary>
internal sealed record ManifestBody(ImmutableArray<ManifestFile> Files, string Reason)
{
    private const string ManyFiles = "application/vnd.mesh.manifests+json";

    // What curl and editors send for YAML; a form is what curl --data-binary says when it is told nothing.
    private static readonly string[] Accepted =
    [
        "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain", "application/json",
        "application/x-www-form-urlencoded",
    ];

    /// <summary>Reads the body, or says why not: 415, 413 or 400.</summary>
    public static async Task<(ManifestBody? Body, IResult? Problem)> ReadAsync(HttpContext context)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim().ToLowerInvariant() ?? "";
        if (type != ManyFiles && !Accepted.Contains(type))
        {
            return (null, Problems.Of(
                415,
                "Send YAML or JSON.",
                $"The content type must be one of {string.Join(", ", Accepted[..^1])} or {ManyFiles}."));
        }

        if (ApiJson.IsEncoded(context)) return (null, Problems.Of(415, "Send it as it is.", ApiJson.EncodedDetail));
        if (context.Request.ContentLength > DocumentLimits.MaxBytes) return (null, TooLarge());
        string text;
        try
        {
            await using var bounded = new BoundedStream(context.Request.Body, DocumentLimits.MaxBytes);
            using var reader = new StreamReader(bounded, new UTF8Encoding(false, throwOnInvalidBytes: true));
            text = await reader.ReadToEndAsync(context.RequestAborted);
        }
        catch (BoundedStream.ExceededException)
        {
            return (null, TooLarge());
        }
        catch (DecoderFallbackException)
        {
            return (null, Problems.BadField("", "the body is not UTF-8"));
        }

        if (type != ManyFiles)
        {
            var name = context.Request.Query["file"].ToString();
            return (new ManifestBody([new ManifestFile(name, text)], context.Request.Query["reason"].ToString()), null);
        }

        try
        {
            var many = JsonSerializer.Deserialize<ManyFilesBody>(text, ApiJson.Options);
            if (many?.Files is null || many.Files.Any(file => file?.Text is null))
            {
                return (null, Problems.BadField("$", "must be {\"files\":[{\"name\":…,\"text\":…}],\"reason\":…}"));
            }

            return (new ManifestBody([.. many.Files], many.Reason), null);
        }
        catch (JsonException exception)
        {
            return (null, JsonFault.Of(exception, typeof(ManyFilesBody)).ToResult());
        }
    }

    private static IResult TooLarge() =>
        Problems.Of(
            413, "The manifest is too large.", $"The limit is {DocumentLimits.MaxBytes} bytes; apply it in parts.");

    private sealed record ManyFilesBody(ManifestFile[]? Files = null, string Reason = "");
}
