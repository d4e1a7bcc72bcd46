using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Samples.Echo;

/// <summary>
/// Answers every request with what it saw. <c>?delay=2s</c> or <c>?delay=300ms</c> waits first;
/// <c>?codes=503:1,200:3</c> answers with these codes by weight, in turn; <c>?failFirst=2&amp;key=a</c> answers 503 to
/// the first two requests of key a. <c>GET /_stats</c> tells how many requests came, in all and by key.
/// <c>GET /_health</c> answers 200, or what <c>POST /_health?status=503</c> has asked for.
/// </summary>
internal sealed class EchoService(EchoOptions options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, int> _byKey = new(StringComparer.Ordinal);
    private volatile int _health = StatusCodes.Status200OK;
    private int _total;

    public async Task AnswerAsync(HttpContext context)
    {
        var number = Interlocked.Increment(ref _total);
        var query = context.Request.Query;
        var ofKey = _byKey.AddOrUpdate(query["key"].ToString(), 1, (_, n) => n + 1);
        if (Delay(query["delay"]) is { } delay) await Task.Delay(delay, clock, context.RequestAborted);

        var failures = int.TryParse(query["failFirst"], out var f) ? f : 0;
        context.Response.StatusCode = ofKey <= failures ? 503 : Code(query["codes"].ToString(), number);
        context.Response.ContentType = "application/json";
        context.Response.Headers["x-echo-service"] = options.Service;
        context.Response.Headers["x-echo-version"] = options.Version;
        await WriteAsync(context, number);
    }

    public Task HealthAsync(HttpContext context)
    {
        context.Response.StatusCode = _health;
        return Task.CompletedTask;
    }

    public Task SetHealthAsync(HttpContext context)
    {
        var isStatus = int.TryParse(context.Request.Query["status"], out var status) && status is >= 200 and <= 599;
        if (isStatus) _health = status;
        context.Response.StatusCode = isStatus ? StatusCodes.Status204NoContent : StatusCodes.Status400BadRequest;
        return Task.CompletedTask;
    }

    public async Task StatsAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteNumber("total", _total);
        json.WriteStartObject("byKey");
        foreach (var (key, count) in _byKey) json.WriteNumber(key, count);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private async Task WriteAsync(HttpContext context, int number)
    {
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("service", options.Service);
        json.WriteString("version", options.Version);
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteNumber("number", number);
        json.WriteString("method", context.Request.Method);
        json.WriteString("path", context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        json.WriteString("host", context.Request.Host.Value);
        json.WriteString("protocol", context.Request.Protocol);
        json.WriteStartObject("headers");
        foreach (var (name, values) in context.Request.Headers)
        {
            json.WriteString(name.ToLowerInvariant(), values.ToString());
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static TimeSpan? Delay(string? text) => text switch
    {
        null or "" => null,
        _ when text.EndsWith("ms", StringComparison.Ordinal) && Number(text[..^2]) is { } ms =>
            TimeSpan.FromMilliseconds(ms),
        _ when text.EndsWith('s') && Number(text[..^1]) is { } s => TimeSpan.FromSeconds(s),
        _ => null,
    };

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && n is >= 0 and <= 3600
            ? n
            : null;

    private static int Code(string codes, int number)
    {
        var choices = new List<int>();
        foreach (var part in codes.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = part.Split(':');
            if (!int.TryParse(pair[0], out var code) || code is < 200 or > 599) continue;
            var weight = pair.Length > 1 && int.TryParse(pair[1], out var w) && w is > 0 and <= 100 ? w : 1;
            choices.AddRange(Enumerable.Repeat(code, weight));
        }

        return choices.Count == 0 ? 200 : choices[number % choices.Count];
    }
}
