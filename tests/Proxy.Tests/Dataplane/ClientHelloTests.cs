using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class ClientHelloTests
{
    [Fact]
    public async Task Server_name_and_protocols_of_a_real_hello_are_read()
    {
        var bytes = await CaptureAsync("Some.Host", "istio-h2", "h2");

        var first = ClientHello.Read(new ReadOnlySequence<byte>(bytes), out var hello);

        Assert.Equal(FirstBytes.Tls, first);
        Assert.Equal("some.host", hello!.ServerName);
        Assert.True(hello.OffersMesh);
        Assert.Equal(["istio-h2", "h2"], hello.Protocols.Select(p => p.ToString()));
    }

    [Fact]
    public async Task A_client_of_the_web_is_not_taken_for_a_sidecar()
    {
        var bytes = await CaptureAsync("web", "h2", "http/1.1");

        ClientHello.Read(new ReadOnlySequence<byte>(bytes), out var hello);

        Assert.False(hello!.OffersMesh);
    }

    [Fact]
    public async Task Every_beginning_of_a_hello_is_incomplete_and_in_pieces_it_reads_the_same()
    {
        var bytes = await CaptureAsync("host", "istio");

        for (var length = 1; length < bytes.Length; length++)
        {
            var first = ClientHello.Read(new ReadOnlySequence<byte>(bytes, 0, length), out _);
            Assert.True(first is FirstBytes.Incomplete, $"{length} of {bytes.Length}: {first}");
        }

        var whole = ClientHello.Read(Pieces.Of(bytes, 7), out var hello);
        Assert.Equal((FirstBytes.Tls, "host"), (whole, hello!.ServerName));
    }

    [Fact]
    public async Task Mutated_hellos_never_throw_and_never_claim_a_mesh_they_do_not_offer()
    {
        var bytes = await CaptureAsync("host", "h2");
        var random = new Random(20261121);
        for (var round = 0; round < 20_000; round++)
        {
            var mutated = (byte[])bytes.Clone();
            for (var flips = random.Next(1, 6); flips > 0; flips--) mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            var cut = random.Next(4) == 0 ? random.Next(mutated.Length + 1) : mutated.Length;

            var first = ClientHello.Read(new ReadOnlySequence<byte>(mutated, 0, cut), out var hello);

            Assert.Equal(first is FirstBytes.Tls, hello is not null);
            Assert.False(hello is { OffersMesh: true } && !hello.Protocols.Exists(p => MeshAlpn.IsMesh(p.Protocol.Span)));
        }
    }

    [Fact]
    public void Noise_never_throws_and_what_never_ends_is_given_up()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var noise = new byte[random.Next(1, 300)];
            random.NextBytes(noise);
            if (round % 2 == 0) (noise[0], noise[Math.Min(1, noise.Length - 1)]) = (0x16, 3);
            ClientHello.Read(new ReadOnlySequence<byte>(noise), out _);
        }

        var endless = new byte[ClientHello.MaxLength + 1];
        new byte[] { 0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc }.CopyTo(endless, 0);
        Assert.Equal(FirstBytes.Malformed, ClientHello.Read(new ReadOnlySequence<byte>(endless), out _));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("\0")]
    [InlineData("\u0016HTTP")]
    public void What_is_not_TLS_is_plaintext(string text) => Assert.Equal(
        FirstBytes.Plaintext, ClientHello.Read(new ReadOnlySequence<byte>(System.Text.Encoding.Latin1.GetBytes(text)), out _));

    private static async Task<byte[]> CaptureAsync(string host, params string[] protocols)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var server = await listener.AcceptTcpClientAsync();
        var tls = new SslStream(client.GetStream());
        var handshake = tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = host, ApplicationProtocols = [.. protocols.Select(p => new SslApplicationProtocol(p))],
        });
        var buffer = new byte[16 * 1024];
        var length = 0;
        do
        {
            length += await server.GetStream().ReadAsync(buffer.AsMemory(length));
        }
        while (length < 5 || length < 5 + (buffer[3] << 8) + buffer[4]);
        server.Close();
        await Assert.ThrowsAnyAsync<Exception>(() => handshake);
        return buffer[..length];
    }

    private sealed class Pieces : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Of(byte[] bytes, int size)
        {
            Pieces? first = null, last = null;
            for (var i = 0; i < bytes.Length; i += size)
            {
                var piece = new Pieces { Memory = bytes.AsMemory(i, Math.Min(size, bytes.Length - i)), RunningIndex = i };
                if (last is null) first = piece;
                else last.Next = piece;
                last = piece;
            }

            return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
        }
    }
}
