using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Http2.Frames;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// Tells Kestrel that a plaintext connection speaks HTTP/2: without ALPN it would take it for HTTP/1.1, though the
/// client's preface (RFC 9113 section 3.4) leaves no doubt. Kestrel asks the TLS features, so they answer here.
/// </summary>
internal sealed class PlaintextHttp2 : ITlsConnectionFeature, ITlsApplicationProtocolFeature
{
    public static PlaintextHttp2 Instance { get; } = new();

    public X509Certificate2? ClientCertificate
    {
        get => null;
        set => throw new NotSupportedException();
    }

    public ReadOnlyMemory<byte> ApplicationProtocol { get; } = "h2"u8.ToArray();

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) =>
        Task.FromResult<X509Certificate2?>(null);

    /// <summary>Marks a connection whose preface was seen, also behind TLS that has not agreed on HTTP/2.</summary>
    public static void Mark(ConnectionContext connection)
    {
        if (connection.Features.Get<ITlsConnectionFeature>() is null) connection.Features.Set<ITlsConnectionFeature>(Instance);
        connection.Features.Set<ITlsApplicationProtocolFeature>(Instance);
    }

    /// <summary>Compares with what has arrived; null while it can still become the preface.</summary>
    public static bool? IsPreface(in ReadOnlySequence<byte> arrived)
    {
        Span<byte> first = stackalloc byte[ClientPreface.Bytes.Length];
        var length = (int)Math.Min(arrived.Length, first.Length);
        arrived.Slice(0, length).CopyTo(first);
        return ClientPreface.Begins(first[..length]);
    }
}
