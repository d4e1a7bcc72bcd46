using System.Net;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>haproxy twice, with one protocol or the other between them.</summary>
internal sealed class HaproxyPair : ForeignPair
{
    private HaproxyPair(string name, IPEndPoint entry, Server outbound, Server inbound)
        : base(name, entry, outbound, inbound)
    {
    }

    /// <param name="folder">For its files.</param>
    /// <param name="certificates">Of both sides.</param>
    /// <param name="backend">Where it leads to.</param>
    /// <param name="multiplexed">HTTP/2 between the two, else HTTP/1.1.</param>
    public static HaproxyPair Start(string folder, PairCertificates certificates, Backend backend, bool multiplexed)
    {
        var (entry, middle) = (FreePort.On(IPAddress.Loopback), FreePort.On(IPAddress.Loopback));
        var plain = backend.IsHttp2 ? " proto h2" : "";
        var alpn = multiplexed ? "h2" : "http/1.1";
        var outbound = Write(Path.Combine(folder, "outbound"), $"""
            frontend in
              bind 127.0.0.1:{entry}{plain}
              default_backend next
            backend next
              server s 127.0.0.1:{middle} ssl verify required ca-file {certificates.Root} crt {certificates.BundleOf("client")} sni str({PairCertificates.ServerName}) verifyhost {PairCertificates.ServerName} alpn {alpn} ssl-min-ver TLSv1.3
            """);
        var inbound = Write(Path.Combine(folder, "inbound"), $"""
            frontend in
              bind 127.0.0.1:{middle} ssl crt {certificates.BundleOf("server")} ca-file {certificates.Root} verify required alpn {alpn} ssl-min-ver TLSv1.3
              default_backend next
            backend next
              server s {backend.Address}{plain}
            """);
        return new HaproxyPair(
            multiplexed ? "haproxy-mux" : "haproxy", new IPEndPoint(IPAddress.Loopback, entry), outbound, inbound);
    }

    private static Server Write(string folder, string proxies)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "haproxy.cfg");
        File.WriteAllText(file, $"""
            global
              nbthread 2
              maxconn 4096
            defaults
              mode http
              timeout connect 5s
              timeout client 1h
              timeout server 1h
              option http-keep-alive
              http-reuse always
            {proxies}

            """);
        return new Server($"haproxy {Path.GetFileName(folder)}", "haproxy", "-db", "-f", file);
    }
}
