using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Silo.Tests.Cli;

/// <summary>A control plane's REST API with fixed answers, on a real socket; remembers what it was asked.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    /// <summary>In place of a status: the connection is cut.</summary>
    public const int HangUp = 0;

    private readonly WebApplication _app;
    private readonly Dictionary<string, (int Status, string Type, string Body)> _answers = new(StringComparer.Ordinal);

    private FakeApi(WebApplication app) => _app = app;

    public ConcurrentQueue<RecordedRequest> Requests { get; } = new();

    public string Address => _app.Urls.Single();

    public static async Task<FakeApi> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var api = new FakeApi(app);
        app.Run(api.AnswerAsync);
        await app.StartAsync();
        return api;
    }

    /// <summary>Answers a call; a path with its query, as it is sent.</summary>
    public FakeApi On(string call, string body, int status = 200, string type = "application/json")
    {
        _answers[call] = (status, type, body);
        return this;
    }

    public FakeApi OnProblem(string call, int status, string body) => On(call, body, status, "application/problem+json");

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        using var reader = new StreamReader(request.Body);
        var call = $"{request.Method} {request.Path.ToUriComponent()}{request.QueryString}";
        Requests.Enqueue(new RecordedRequest(
            call, await reader.ReadToEndAsync(), request.ContentType ?? "", request.Headers.Authorization.ToString(), request.Headers.IfMatch.ToString()));
        var accept = request.Headers.Accept.ToString();
        var (status, type, body) =
            _answers.TryGetValue($"{call} {accept}", out var exact) ? exact
            : _answers.TryGetValue(call, out var answer) ? answer
            : (404, "application/problem+json", $$"""{"title":"Not found.","detail":"nothing at {{call}}","errors":[]}""");
        if (status == HangUp)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        if (status != 204) await context.Response.WriteAsync(body);
    }
}

internal sealed record RecordedRequest(string Call, string Body, string ContentType, string Authorization, string IfMatch);
