using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A real server that answers with its name and remembers what it was sent.</summary>
internal sealed class EchoBackend : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _calls;

    private EchoBackend(WebApplication app, string name) => (_app, Name) = (app, name);

    public string Name { get; }

    public int Port { get; private set; }

    public int Calls => Volatile.Read(ref _calls);

    public ConcurrentQueue<Seen> Requests { get; } = new();

    /// <summary>What to answer; the name and 200 unless set.</summary>
    public Func<HttpContext, int, Task>? Answer { get; set; }

    public static async Task<EchoBackend> StartAsync(string name = "echo", HttpProtocols protocols = HttpProtocols.Http1)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = protocols));
        var app = builder.Build();
        var backend = new EchoBackend(app, name);
        IApplicationBuilder pipeline = app;
        pipeline.Run(backend.HandleAsync);
        await app.StartAsync();
        backend.Port = new Uri(app.Urls.Single()).Port;
        return backend;
    }

    /// <summary>Starts one that answers every request with a status.</summary>
    public static async Task<EchoBackend> AlwaysAsync(int status)
    {
        var backend = await StartAsync();
        backend.Answer = (context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        return backend;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var call = Interlocked.Increment(ref _calls);
        var headers = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Requests.Enqueue(new Seen(context.Features.Get<IHttpRequestFeature>()!.RawTarget, headers));
        if (Answer is not null) await Answer(context, call);
        else await context.Response.WriteAsync(Name);
    }

    internal sealed record Seen(string RawTarget, Dictionary<string, string> Headers);
}
