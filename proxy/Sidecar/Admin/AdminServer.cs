using System.Net;
using MeshOrleans.Proxy.Sidecar.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Admin;

/// <summary>The sidecar's own three doors: admin (loopback only), status and metrics.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private AdminServer(WebApplication app) => _app = app;

    public int AdminPort { get; private set; }

    public int StatusPort { get; private set; }

    public int MetricsPort { get; private set; }

    /// <exception cref="IOException">A port is taken.</exception>
    public static async Task<AdminServer> StartAsync(
        SidecarSettings settings, AdminHandler handler, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear(); // nothing is taken from the application's environment
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(loggers);
        var bind = IPAddress.Parse(settings.BindAddress);
        var doors = new ListenOptions[3];
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 4096;
            Open(ListenerRole.Admin, new IPEndPoint(IPAddress.Loopback, settings.AdminPort));
            Open(ListenerRole.Status, new IPEndPoint(bind, settings.StatusPort));
            Open(ListenerRole.Metrics, new IPEndPoint(bind, settings.MetricsPort));

            void Open(ListenerRole role, IPEndPoint address) => kestrel.Listen(address, listen =>
            {
                doors[(int)role] = listen;
                var mark = new ListenerMark(role);
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection =>
                {
                    connection.Features.Set(mark);
                    return next(connection);
                });
            });
        });

        var server = new AdminServer(builder.Build());
        try
        {
            ((IApplicationBuilder)server._app).Run(handler.InvokeAsync);
            await server._app.StartAsync(cancellationToken);
            server.AdminPort = doors[(int)ListenerRole.Admin].IPEndPoint!.Port;
            server.StatusPort = doors[(int)ListenerRole.Status].IPEndPoint!.Port;
            server.MetricsPort = doors[(int)ListenerRole.Metrics].IPEndPoint!.Port;
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
