using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Testing;

/// <summary>Where an issuer publishes its keys: a real server on the loopback, with TLS and without, that the test answers for.</summary>
public sealed class KeyServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate = NewCertificate();

    private KeyServer(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate));
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.Run(context =>
        {
            Requests.Enqueue(context.Request.Path + context.Request.QueryString);
            return answer(context);
        });
    }

    /// <summary>What was asked for so far.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Its address with TLS and no path.</summary>
    public string Address => $"https://127.0.0.1:{Port}";

    /// <summary>The port with TLS.</summary>
    public int Port => new Uri(_app.Urls.Single(url => url.StartsWith("https", StringComparison.Ordinal))).Port;

    /// <summary>The port without.</summary>
    public int PlainPort => new Uri(_app.Urls.Single(url => !url.StartsWith("https", StringComparison.Ordinal))).Port;

    /// <summary>Its certificate, for whoever is to believe it; for 127.0.0.1, localhost and keys.test.</summary>
    public string CertificatePem => _certificate.ExportCertificatePem();

    /// <summary>Starts one.</summary>
    public static async Task<KeyServer> StartAsync(RequestDelegate answer)
    {
        var server = new KeyServer(answer);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Has a client believe this server.</summary>
    public void Trust(SslClientAuthenticationOptions tls) => tls.CertificateChainPolicy = new X509ChainPolicy
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { _certificate },
        RevocationMode = X509RevocationMode.NoCheck,
    };

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        now.Cancel(); // whoever hangs, hangs for the test
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _certificate.Dispose();
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=keys", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        names.AddDnsName("keys.test");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(10));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
