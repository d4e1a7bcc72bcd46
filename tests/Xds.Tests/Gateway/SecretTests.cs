using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model.Identity.Revocation;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Tls;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class SecretTests
{
    private const string IdA = "spiffe://cluster.local/ns/app/sa/a";
    private const string IdB = "spiffe://cluster.local/ns/app/sa/b";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_staged_request_is_signed_and_the_chain_is_pushed_without_a_key()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, IdA);

        await AskAsync(client, [1, 2, 3]);
        var (root, certificate) = await ReadBothAsync(client);

        Assert.Equal("ROOT\n", root.ValidationContext.TrustedCa.InlineString);
        Assert.Equal("leaf-01\nintermediate\n", certificate.TlsCertificate.CertificateChain.InlineString);
        Assert.Null(certificate.TlsCertificate.PrivateKey);
        var request = await host.Grains.Identity(IdA).Requests.Reader.ReadAsync();
        Assert.Equal("010203", Convert.ToHexString(request.Csr.AsSpan()));
        Assert.Equal(AdsClient.NodeId, request.NodeId);
    }

    [Fact]
    public async Task Two_identities_on_a_warm_cache_never_see_each_others_certificate()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Grains.Identity(IdB).RotateAt = DateTimeOffset.UnixEpoch; // so that its serials run ahead
        await using var a = await OpenAsync(host, IdA);
        await AskAsync(a, [1]);
        var (_, certificateA) = await ReadBothAsync(a);
        await using var b = await OpenAsync(host, IdB, "sidecar~10.0.0.2~b-1.app~app.svc.cluster.local");

        await b.ChangeAsync(TypeUrls.Secret, ["default", "ROOTCA", IdA, "kubernetes://a"]);
        var answer = await b.NextAsync(TypeUrls.Secret);

        Assert.Equal("leaf-01\nintermediate\n", certificateA.TlsCertificate.CertificateChain.InlineString);
        Assert.Equal(["ROOTCA"], answer.Names);
        Assert.Equal((string[])["kubernetes://a", IdA], answer.Removed);
        Assert.False(host.Grains.Identity(IdB).Requests.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Without_a_proved_identity_there_are_no_secrets()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = host.Delta();
        await client.AckAsync(await client.OpenAsync());

        await AskAsync(client, [1]);
        await client.SilenceAsync();
    }

    [Fact]
    public async Task The_next_certificate_comes_when_it_is_due_and_only_for_a_new_key()
    {
        await using var host = await GatewayHost.StartAsync();
        var due = host.Clock.GetUtcNow() + TimeSpan.FromHours(12);
        host.Grains.Identity(IdA).RotateAt = due;
        await using var client = await OpenAsync(host, IdA);
        await AskAsync(client, [1]);
        var first = await ReadUntilCertificateAsync(client);
        await AckAsync(client, first, [2]);
        await client.SilenceAsync();
        await host.WritesEndedAsync(TypeUrls.RouteConfiguration);

        host.Clock.Advance(TimeSpan.FromHours(11));
        await client.SilenceAsync();
        host.Grains.Identity(IdA).RotateAt = DateTimeOffset.MaxValue;
        var second = await AdvanceAsync(host, client.NextAsync(TypeUrls.Secret));

        Assert.Equal(["default"], second.Names);
        Assert.True(host.Clock.GetUtcNow() >= due);
        var requests = host.Grains.Identity(IdA).Requests.Reader;
        Assert.Equal((1, 2), ((await requests.ReadAsync()).Csr.Single(), (await requests.ReadAsync()).Csr.Single()));
    }

    [Fact]
    public async Task A_key_that_was_certified_once_is_not_certified_again()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Grains.Identity(IdA).RotateAt = host.Clock.GetUtcNow(); // due again at once
        await using var client = await OpenAsync(host, IdA);
        await AskAsync(client, [1]);
        await AckAsync(client, await ReadUntilCertificateAsync(client), [1]);

        await client.SilenceAsync();
        await host.WritesEndedAsync(TypeUrls.RouteConfiguration);
        host.Clock.Advance(TimeSpan.FromHours(2));
        await client.SilenceAsync();

        Assert.Equal(1, host.Grains.Identity(IdA).Requests.Reader.Count);
    }

    [Fact]
    public async Task A_rotation_that_the_operator_asks_for_comes_at_once()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, IdA);
        await AskAsync(client, [1]);
        await AckAsync(client, await ReadUntilCertificateAsync(client), [2]);
        await client.SilenceAsync();

        host.Grains.Identity(IdA).Generation = 1;
        host.Grains.Mesh.Tell(Record(generation: 1));
        var rotated = await client.NextAsync(TypeUrls.Secret);

        Assert.Equal("leaf-02\nintermediate\n", rotated.Read<Secret>("default").TlsCertificate.CertificateChain.InlineString);
    }

    [Fact]
    public async Task One_that_is_spread_comes_when_it_is_the_certificates_turn()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, IdA);
        await AskAsync(client, [1]);
        await AckAsync(client, await ReadUntilCertificateAsync(client), [2]);
        await client.SilenceAsync();

        var due = host.Clock.GetUtcNow() + TimeSpan.FromMinutes(5);
        host.Grains.Identity(IdA).Generation = 1;
        host.Grains.Mesh.Tell(Record(generation: 1, due));
        await client.SilenceAsync();
        var rotated = await AdvanceAsync(host, client.NextAsync(TypeUrls.Secret));

        Assert.Equal(["default"], rotated.Names);
        Assert.True(host.Clock.GetUtcNow() >= due);
    }

    [Fact]
    public async Task Which_roots_a_client_has_taken_over_is_reported()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, IdA);
        await client.ChangeAsync(TypeUrls.Secret, ["ROOTCA"]);
        await client.AckAsync(await client.NextAsync(TypeUrls.Secret));
        await TrustIsAsync(host, 1);

        var bundle = host.Snapshots.Current.LocalBundle! with { RootsPem = ["ROOT", "ROOT2"], Sequence = 2 };
        host.Grains.Mesh.Tell(new SnapshotChange("trust/cluster.local", 2, SnapshotPayload.Write(bundle)));
        var answer = await client.NextAsync(TypeUrls.Secret);
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await TrustIsAsync(host, 1); // sent, and not answered
        await client.AckAsync(answer);
        await TrustIsAsync(host, 2);

        var signing = bundle with { Sequence = 3 }; // the same roots, of which another one signs
        host.Grains.Mesh.Tell(new SnapshotChange("trust/cluster.local", 3, SnapshotPayload.Write(signing)));
        await TrustIsAsync(host, 3);
    }

    [Fact]
    public async Task A_client_whose_certificate_is_revoked_is_told_what_is_revoked_and_then_loses_its_stream()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuer = new CertificateRequest("CN=issuer", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90));
        var (name, serial) = (Convert.ToHexString(issuer.SubjectName.RawData), SerialNumber.Of(issuer));
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, $"{IdA}#{serial}#{name}");
        await using var other = await OpenAsync(host, $"{IdA}#01#{name}");
        await client.ChangeAsync(TypeUrls.Secret, ["ROOTCA"]);
        await client.AckAsync(await client.NextAsync(TypeUrls.Secret));
        await other.ChangeAsync(TypeUrls.Secret, ["ROOTCA"]);
        await other.AckAsync(await other.NextAsync(TypeUrls.Secret));

        var list = TestRevocations.Pem(issuer, key, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1), (issuer, null));
        var bundle = host.Snapshots.Current.LocalBundle! with { CrlsPem = [list] };
        host.Grains.Mesh.Tell(new SnapshotChange("trust/cluster.local", 2, SnapshotPayload.Write(bundle)));
        var told = await client.NextAsync(TypeUrls.Secret);
        var end = await client.EndAsync();

        Assert.Equal(list + "\n", told.Read<Secret>("ROOTCA").ValidationContext.Crl.InlineString);
        Assert.Equal(GrpcStatusCode.Unauthenticated, end.Code);
        Assert.Contains(serial, end.Message, StringComparison.Ordinal);
        Assert.Equal(list + "\n", (await other.NextAsync(TypeUrls.Secret)).Read<Secret>("ROOTCA").ValidationContext.Crl.InlineString);
        Assert.Equal(1, host.Status.Count);
    }

    [Fact]
    public async Task A_certificate_that_is_not_replaced_in_time_is_told_of_once_for_each_degree()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, IdA);
        var now = host.Clock.GetUtcNow();
        var record = new IdentityRecord(
            IdA, AdsClient.NodeId, "01", "CN=x", now.AddHours(-8), now.AddHours(2), DateTimeOffset.MaxValue, 0); // a fifth is left
        host.Grains.Mesh.Tell(new SnapshotChange($"identity/{IdA}|{AdsClient.NodeId}", 1, SnapshotPayload.Write(record)));

        await host.AdvanceUntilAsync(() => Told("less than a quarter") == 1, TimeSpan.FromSeconds(5));
        Assert.Equal(0, Told("nobody talks to it"));
        await host.AdvanceUntilAsync(() => Told("nobody talks to it") == 1, TimeSpan.FromMinutes(5));

        Assert.Equal(1, Told("less than a quarter"));

        int Told(string text) => host.Log.Lines.Count(l => l.Text.Contains(text, StringComparison.Ordinal));
    }

    private static Task TrustIsAsync(GatewayHost host, long sequence) => host.AdvanceUntilAsync(
        () => host.Grains.Subscriptions(AdsClient.NodeId).Find(AdsClient.NodeId)?.TrustSequence == sequence,
        TimeSpan.FromMilliseconds(100));

    [Fact]
    public async Task A_reconnect_with_a_good_certificate_is_no_reason_for_a_new_one()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Grains.Identity(IdA).Known =
        [
            new CertificateView(AdsClient.NodeId, "AB", "CN=x", DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue, 0),
        ];
        await using var client = await OpenAsync(host, IdA + "#AB");

        await AskAsync(client, [1]);
        var roots = await client.NextAsync(TypeUrls.Secret);
        Assert.Equal(["ROOTCA"], roots.Names);
        await AckAsync(client, roots, [1]);
        await client.SilenceAsync();
        host.Grains.Mesh.Tell(Record(generation: 1));

        Assert.Equal(["default"], (await client.NextAsync(TypeUrls.Secret)).Names);
    }

    [Theory]
    [InlineData("app/other-1", "app/other-1")]
    [InlineData("sidecar~10.0.0.9~other-1.app~app.svc.cluster.local", "sidecar~10.0.0.9~other-1.app~app.svc.cluster.local")]
    [InlineData("app/a-1", AdsClient.NodeId)]
    [InlineData("agent~10.0.0.9", AdsClient.NodeId)]
    [InlineData("rest", AdsClient.NodeId)]
    public async Task What_follows_a_certificate_is_for_the_node_to_which_it_was_issued(string issuedTo, string expected)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Grains.Identity(IdA).Known =
        [
            new CertificateView(issuedTo, "AB", "CN=x", DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.UnixEpoch, 0),
        ];
        await using var client = await OpenAsync(host, IdA + "#AB");

        await AskAsync(client, [1]);
        await ReadUntilCertificateAsync(client);

        Assert.Equal(expected, (await host.Grains.Identity(IdA).Requests.Reader.ReadAsync()).NodeId);
    }

    [Fact]
    public async Task A_certificate_that_is_not_the_newest_of_its_node_has_to_prove_itself_once_on_a_stream()
    {
        await using var host = await GatewayHost.StartAsync();
        var grain = host.Grains.Identity(IdA);
        (grain.RotateAt, grain.Answer) = (DateTimeOffset.UnixEpoch, new IssueResult.Superseded());
        await using var client = await OpenAsync(host, IdA + "#AB");

        await AskAsync(client, [1]);
        var roots = await client.NextAsync(TypeUrls.Secret);
        await AckAsync(client, roots, [1]);
        await client.SilenceAsync(); // the gateway has the ACK: the certificate does not wait behind the roots as time goes on
        var refused = await grain.Requests.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        grain.Answer = null;
        var first = await AdvanceAsync(host, client.NextAsync(TypeUrls.Secret));
        var admitted = await grain.Requests.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        await AckAsync(client, first, [2]);
        await ReadUntilCertificateAsync(client);

        Assert.Equal(["AB", "AB"], ((IssueRequest[])[refused, admitted]).Select(r => r.Proof!.Serial));
        Assert.Null((await grain.Requests.Reader.ReadAsync().AsTask().WaitAsync(Patience)).Proof);
    }

    [Fact]
    public async Task A_slow_or_failing_authority_delays_nothing_but_the_certificate()
    {
        await using var host = await GatewayHost.StartAsync();
        var authority = new TaskCompletionSource();
        var grain = host.Grains.Identity(IdA);
        (grain.Authority, grain.Failure) = (authority.Task, new TimeoutException("no authority"));
        await using var client = await OpenAsync(host, IdA);
        await AskAsync(client, [1]);
        var roots = await client.NextAsync(TypeUrls.Secret);
        await AckAsync(client, roots, [1]);
        await grain.Requests.Reader.WaitToReadAsync().AsTask().WaitAsync(Patience);

        await client.SilenceAsync();
        authority.SetResult();
        var certificate = await AdvanceAsync(host, client.NextAsync(TypeUrls.Secret));

        Assert.Equal(["default"], certificate.Names);
        Assert.Equal(2, grain.Requests.Reader.Count);
    }

    [Fact]
    public async Task New_roots_are_pushed()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var client = await OpenAsync(host, IdA);
        await client.ChangeAsync(TypeUrls.Secret, ["ROOTCA"]);
        await client.AckAsync(await client.NextAsync(TypeUrls.Secret));

        var bundle = host.Snapshots.Current.LocalBundle! with { RootsPem = ["ROOT", "ROOT2"], Sequence = 2 };
        host.Grains.Mesh.Tell(new SnapshotChange("trust/cluster.local", 2, SnapshotPayload.Write(bundle)));
        var answer = await client.NextAsync(TypeUrls.Secret);

        Assert.Equal("ROOT\nROOT2\n", answer.Read<Secret>("ROOTCA").ValidationContext.TrustedCa.InlineString);
    }

    private static SnapshotChange Record(long generation, DateTimeOffset? dueAt = null)
    {
        var record = new IdentityRecord(
            IdA, AdsClient.NodeId, "01", "CN=x", DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue, generation, DueAt: dueAt);
        return new SnapshotChange($"identity/{IdA}|{AdsClient.NodeId}", generation + 1, SnapshotPayload.Write(record));
    }

    private static async Task<AdsClient> OpenAsync(GatewayHost host, string identity, string nodeId = AdsClient.NodeId)
    {
        var client = host.Delta(identity);
        await client.AckAsync(await client.OpenAsync(nodeId));
        return client;
    }

    private static Task AskAsync(AdsClient client, byte[] csr) =>
        client.ChangeAsync(TypeUrls.Secret, ["default", "ROOTCA"], node: NodeWith(csr));

    private static Task AckAsync(AdsClient client, Answer answer, byte[] nextCsr) =>
        client.ChangeAsync(TypeUrls.Secret, nonce: answer.Nonce, node: NodeWith(nextCsr));

    private static Node NodeWith(byte[] csr)
    {
        var node = AdsClient.Node();
        node.Metadata = new Struct { Fields = { ["MESH_CSR"] = Value.ForString(Convert.ToBase64String(csr)) } };
        return node;
    }

    private static async Task<Answer> ReadUntilCertificateAsync(AdsClient client)
    {
        while (true)
        {
            var answer = await client.NextAsync(TypeUrls.Secret);
            if (answer.Names.Contains("default")) return answer;
            await client.AckAsync(answer);
        }
    }

    /// <summary>Roots and certificate, in one answer or in two.</summary>
    private static async Task<(Secret Root, Secret Certificate)> ReadBothAsync(AdsClient client)
    {
        var secrets = new Dictionary<string, Secret>();
        while (secrets.Count < 2)
        {
            var answer = await client.NextAsync(TypeUrls.Secret);
            foreach (var name in answer.Names) secrets[name] = answer.Read<Secret>(name);
            await client.AckAsync(answer);
        }

        return (secrets["ROOTCA"], secrets["default"]);
    }

    private static async Task<Answer> AdvanceAsync(GatewayHost host, Task<Answer> answer)
    {
        await host.UntilAsync(
            () =>
            {
                if (!answer.IsCompleted) host.Clock.Advance(TimeSpan.FromMinutes(10));
                return answer.IsCompleted;
            },
            "the answer has come");
        return await answer;
    }
}
