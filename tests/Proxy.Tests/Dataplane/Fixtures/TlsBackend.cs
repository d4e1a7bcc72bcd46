using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Dataplane.Fixtures;

/// <summary>A real TLS server outside of the mesh, which answers with the subject of its client's certificate.</summary>
internal sealed class TlsBackend : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TlsBackend(WebApplication app) => _app = app;

    public int Port { get; private set; }

    /// <summary>What comes before the answer; nothing unless set.</summary>
    public Func<Task> Before { get; set; } = () => Task.CompletedTask;

    /// <summary>The server names that clients have asked for.</summary>
    public ConcurrentQueue<string> ServerNames { get; } = new();

    public static async Task<TlsBackend> StartAsync(X509Certificate2 certificate, bool wantsClient = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        TlsBackend? backend = null;
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(https =>
        {
            k.AllowAlternateSchemes = true; // proxies send the scheme of their caller
            https.ServerCertificateSelector = (_, name) =>
            {
                backend!.ServerNames.Enqueue(name ?? "");
                return certificate;
            };
            https.ClientCertificateMode = wantsClient ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate;
            https.AllowAnyClientCertificate();
        })));
        var app = builder.Build();
        backend = new TlsBackend(app);
        IApplicationBuilder pipeline = app;
        pipeline.Run(async context =>
        {
            await backend.Before();
            await context.Response.WriteAsync(context.Connection.ClientCertificate?.Subject ?? "nobody");
        });
        await app.StartAsync();
        backend.Port = new Uri(app.Urls.Single()).Port;
        return backend;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
