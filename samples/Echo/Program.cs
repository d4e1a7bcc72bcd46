using MeshOrleans.Samples.Echo;
using Microsoft.AspNetCore.Connections;

// A service to send traffic to: it answers what it saw, and misbehaves on request.
//   mesh-echo --port 8080 --service cart --version v1 [--address 127.0.0.1] [--tcp-port 9000]
var options = EchoOptions.Read(args);
if (options is null)
{
    Console.Error.WriteLine("usage: mesh-echo --port N --service NAME --version V [--address IP] [--tcp-port N]");
    return 2;
}

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(options.Address, options.Port);
    if (options.TcpPort is { } tcp)
    {
        kestrel.Listen(options.Address, tcp, listen => ConnectionBuilderExtensions.Run(listen, TcpEcho.ServeAsync));
    }
});
var app = builder.Build();
var echo = new EchoService(options, TimeProvider.System);
app.MapGet("/_stats", echo.StatsAsync);
app.MapGet("/_health", echo.HealthAsync);
app.MapPost("/_health", echo.SetHealthAsync);
app.MapFallback("{**path}", echo.AnswerAsync); // a name with a dot is a path like any other

await app.StartAsync();
Console.WriteLine($"{{\"event\":\"listening\",\"url\":\"{app.Urls.First()}\"}}");
await app.WaitForShutdownAsync();
return 0;
