using System.Text.Json;
using System.Text.Json.Serialization;

namespace MeshOrleans.Silo.Api;

/// <summary>JSON as the API reads and writes it: strict on the way in, camel case both ways.</summary>
internal static class ApiJson
{
    private const int MaxBody = 1 << 20;

    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        MaxDepth = 64,
        RespectNullableAnnotations = true,
        NumberHandling = JsonNumberHandling.Strict,
        Converters = { new JsonStringEnumConverter(), new HeaderLinesConverter() },
    };

    /// <summary>Why a body that is compressed is refused: a few bytes of it may be a great many.</summary>
    public const string EncodedDetail = "A body with a Content-Encoding is not unpacked here.";

    /// <summary>Whether a body is compressed, or encoded otherwise.</summary>
    public static bool IsEncoded(HttpContext context) => context.Request.Headers.ContentEncoding.Count > 0;

    /// <summary>Reads a body, or says what is wrong with it: 415, 413 or 400 with the path of the fault.</summary>
    public static async Task<(T? Value, IResult? Problem)> ReadAsync<T>(HttpContext context)
        where T : class
    {
        if (!context.Request.HasJsonContentType())
        {
            return (null, Problems.Of(415, "Send JSON.", "The content type must be application/json."));
        }

        if (IsEncoded(context)) return (null, Problems.Of(415, "Send it as it is.", EncodedDetail));
        if (context.Request.ContentLength > MaxBody) return (null, TooLarge());
        try
        {
            await using var body = new BoundedStream(context.Request.Body, MaxBody);
            var value = await JsonSerializer.DeserializeAsync<T>(body, Options, context.RequestAborted);
            return value is null ? (null, Problems.BadField("", "the body is null")) : (value, null);
        }
        catch (JsonException exception)
        {
            return (null, JsonFault.Of(exception, typeof(T)).ToResult());
        }
        catch (BoundedStream.ExceededException)
        {
            return (null, TooLarge());
        }
    }

    private static IResult TooLarge() => Problems.Of(413, "The body is too large.", $"The limit is {MaxBody} bytes.");
}
