using System.Net;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>What every pair leads to: an nginx that answers 200 with 1 KiB.</summary>
internal sealed class Backend : IAsyncDisposable
{
    /// <summary>How long the body is, in bytes.</summary>
    public const int BodyLength = 1024;

    private readonly Server _server;

    private Backend(IPEndPoint address, bool isHttp2, Server server) =>
        (Address, IsHttp2, _server) = (address, isHttp2, server);

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>It speaks HTTP/2 without TLS, else HTTP/1.1.</summary>
    public bool IsHttp2 { get; }

    public static Backend Start(string folder, bool isHttp2)
    {
        Directory.CreateDirectory(folder);
        var address = IPAddress.Parse(LoopbackAddress.Next());
        var port = FreePort.On(address);
        var file = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(file, NginxPair.Head(folder, workers: 1) + $$"""
            server {
              listen {{address}}:{{port}}{{(isHttp2 ? " http2" : "")}};
              location / { default_type text/plain; return 200 "{{new string('x', BodyLength)}}"; }
            }
            }
            """);
        var server = new Server("backend", "nginx", "-e", "stderr", "-p", folder, "-c", file);
        server.Start();
        return new Backend(new IPEndPoint(address, port), isHttp2, server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
