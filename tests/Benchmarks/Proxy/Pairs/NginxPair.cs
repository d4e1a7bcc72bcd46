using System.Net;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>nginx twice, HTTP/1.1 with kept connections between them: it knows no other protocol there.</summary>
internal sealed class NginxPair : ForeignPair
{
    private NginxPair(IPEndPoint entry, Server outbound, Server inbound)
        : base("nginx", entry, outbound, inbound)
    {
    }

    public static NginxPair Start(string folder, PairCertificates certificates, Backend backend)
    {
        var (entry, middle) = (FreePort.On(IPAddress.Loopback), FreePort.On(IPAddress.Loopback));
        var toBackend = backend.IsHttp2
            ? "grpc_pass grpc://next; grpc_set_header Host $host;" // its only way to speak HTTP/2 to a backend
            : """proxy_pass http://next; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;""";
        var outbound = Write(Path.Combine(folder, "outbound"), $$"""
            upstream next { server 127.0.0.1:{{middle}}; keepalive 256; keepalive_requests 1000000000; }
            server {
              listen 127.0.0.1:{{entry}}{{(backend.IsHttp2 ? " http2" : "")}};
              location / {
                proxy_pass https://next; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
                proxy_ssl_certificate {{certificates.CertificateOf("client")}};
                proxy_ssl_certificate_key {{certificates.KeyOf("client")}};
                proxy_ssl_trusted_certificate {{certificates.Root}};
                proxy_ssl_verify on; proxy_ssl_server_name on; proxy_ssl_name {{PairCertificates.ServerName}};
                proxy_ssl_protocols TLSv1.3;
              }
            }
            """);
        var inbound = Write(Path.Combine(folder, "inbound"), $$"""
            upstream next { server {{backend.Address}}; keepalive 256; keepalive_requests 1000000000; }
            server {
              listen 127.0.0.1:{{middle}} ssl;
              ssl_certificate {{certificates.CertificateOf("server")}};
              ssl_certificate_key {{certificates.KeyOf("server")}};
              ssl_client_certificate {{certificates.Root}};
              ssl_verify_client on; ssl_protocols TLSv1.3;
              location / {
                {{toBackend}}
              }
            }
            """);
        return new NginxPair(new IPEndPoint(IPAddress.Loopback, entry), outbound, inbound);
    }

    /// <summary>What stands before the servers; the block of <c>http</c> is left open.</summary>
    public static string Head(string folder, int workers) => $$"""
        daemon off; pid {{folder}}/nginx.pid; worker_processes {{workers}}; worker_rlimit_nofile 8192;
        events { worker_connections 4096; }
        http {
        access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
        client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/fastcgi;
        uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;

        """;

    private static Server Write(string folder, string servers)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(file, $"{Head(folder, workers: 2)}{servers}\n}}\n");
        return new Server($"nginx {Path.GetFileName(folder)}", "nginx", "-e", "stderr", "-p", folder, "-c", file);
    }
}
