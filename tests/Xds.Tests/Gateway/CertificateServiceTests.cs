using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads.Attesting;
using MeshOrleans.Xds.Gateway.Identity;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Grpc;
using MeshOrleans.Xds.Protocol.Istio;
using Microsoft.Extensions.DependencyInjection;

namespace MeshOrleans.Xds.Tests.Gateway;

public sealed class CertificateServiceTests
{
    private const string Id = "spiffe://cluster.local/ns/app/sa/a";
    private static readonly X509Certificate2 Serving = TestCertificate.With();
    private static readonly JoinToken Token = JoinToken.Create(Serving, RandomNumberGenerator.Fill);
    private static readonly JoinTokenGrant Grant = new("workload", "app", "a", "", DateTimeOffset.MaxValue);

    [Fact]
    public async Task A_join_token_buys_a_certificate_of_its_own_identity()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        host.Grains.Token(Token.Hash).Answer = new RedeemResult.Granted(Grant);

        var answer = await CreateAsync(host.TlsChannel(null), TestCertificate.CsrPem(), Token.Reveal());

        Assert.Equal(["leaf-01", "intermediate", "ROOT"], answer.CertChain);
        Assert.True(host.Grains.Identity(Id).Requests.Reader.TryRead(out _));
        Assert.DoesNotContain(host.Log.Lines, l => l.Text.Contains(Token.Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_certificate_in_use_buys_the_next_one()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);

        var answer = await CreateAsync(host.TlsChannel(TestCertificate.With(Id)), TestCertificate.CsrPem(), null);

        Assert.Equal("leaf-01", answer.CertChain[0]);
        Assert.True(host.Grains.Identity(Id).Requests.Reader.TryRead(out _));
    }

    [Fact]
    public async Task What_proves_an_identity_over_REST_proves_it_here_and_by_the_same_policy()
    {
        var attestor = new FakeAttestor(new Attestation.Proved("app", "a", "", new ProvedNode("pod/u1", new("app", "a-1")), false));
        await using var host = await GatewayHost.StartAsync(
            serving: Serving, services: s => s.AddSingleton<IAttestor>(attestor));

        await CreateAsync(host.TlsChannel(null), TestCertificate.CsrPem(), FakeAttestor.Text);

        Assert.True(host.Grains.Identity(Id).Requests.Reader.TryRead(out var request));
        Assert.Equal(("app/a-1", new NodeProof("pod/u1", MayRepeat: false)), (request.NodeId, request.Proof));
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_judged_with_what_its_key_has_signed_and_renews_for_its_node()
    {
        var proved = new Attestation.Proved("app", "a", "", new ProvedNode("", new("app", "a-1")), true)
        {
            Certificate = new ShownCertificate(SpiffeId.Parse(Id), "0A", IsEnded: true),
        };
        await using var host = await GatewayHost.StartAsync(
            serving: Serving, services: s => s.AddSingleton<IAttestor>(new FakeAttestor(proved)));
        using var ended = TestCertificate.With(Id);
        using var key = ended.GetECDsaPrivateKey()!;
        var csr = TestCertificate.CsrPem();
        var der = Convert.FromBase64String(csr[PemEncoding.Find(csr).Base64Data]);

        await CreateAsync(
            host.TlsChannel(null), csr, null, ended: (ended.ExportCertificatePem(), Convert.ToBase64String(EndedCertificateProof.Sign(key, der))));

        Assert.True(host.Grains.Identity(Id).Requests.Reader.TryRead(out var request));
        Assert.Equal(new NodeProof("", MayRepeat: true, "0A", IsNameless: true, IsEnded: true), request.Proof);
        Assert.Equal(der, request.Csr.AsEnumerable());
    }

    [Theory]
    [InlineData("no PEM", "AAAA", false, "MESH_ENDED_CHAIN: must be PEM")]
    [InlineData(null, "?", false, "MESH_ENDED_SIGNATURE: must be base64")]
    [InlineData(null, "", false, "MESH_ENDED_SIGNATURE: must be base64")]
    [InlineData(null, "AAAA", true, "MESH_ENDED_CHAIN: cannot stand beside")]
    [InlineData(null, "AAAA", false, "validity_duration: cannot stand beside MESH_ENDED_CHAIN", 60)]
    public async Task What_is_no_certificate_that_has_ended_is_refused_by_its_field(
        string? chain, string signature, bool hasCertificate, string reason, long lifetime = 0)
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        using var own = TestCertificate.With(Id);

        var exception = await Assert.ThrowsAsync<GrpcException>(() => CreateAsync(
            host.TlsChannel(hasCertificate ? own : null),
            TestCertificate.CsrPem(),
            null,
            ended: (chain ?? own.ExportCertificatePem(), signature),
            lifetime: lifetime));

        Assert.Equal(GrpcStatusCode.InvalidArgument, exception.Status.Code);
        Assert.StartsWith(reason, exception.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_has_had_a_certificate_is_refused_here_as_well()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        host.Grains.Token(Token.Hash).Answer = new RedeemResult.Granted(Grant with { Node = "app/a-1", OnlyFirst = true });
        host.Grains.Identity(Id).Answer = new IssueResult.Known();

        var status = await RefusedAsync(host.TlsChannel(null), TestCertificate.CsrPem(), Token.Reveal());

        Assert.Equal(
            new GrpcStatus(
                GrpcStatusCode.Unauthenticated,
                "'app/a-1' has had a certificate before, and by join token it does not get another one (reattest in the access file)."),
            status);
        Assert.Equal(new NodeProof("node/app/a-1", MayRepeat: false), host.Grains.Identity(Id).Asked!.Proof);
        Assert.Equal(0, host.Grains.Token(Token.Hash).Redeemed);
    }

    [Fact]
    public async Task A_token_for_one_node_is_not_good_for_another()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        host.Grains.Token(Token.Hash).Answer = new RedeemResult.Granted(Grant with { Node = "app/a-1" });

        var other = await Assert.ThrowsAsync<GrpcException>(
            () => CreateAsync(host.TlsChannel(null), TestCertificate.CsrPem(), Token.Reveal(), "sidecar~10.0.0.1~a-2.app~app.svc"));
        await CreateAsync(host.TlsChannel(null), TestCertificate.CsrPem(), Token.Reveal(), "sidecar~10.0.0.1~a-1.app~app.svc");

        Assert.Equal(GrpcStatusCode.PermissionDenied, other.Status.Code);
        Assert.Contains("app/a-1", other.Status.Message, StringComparison.Ordinal);
        Assert.True(host.Grains.Identity(Id).Requests.Reader.TryRead(out var request));
        Assert.Equal("sidecar~10.0.0.1~a-1.app~app.svc", request.NodeId);
    }

    [Fact]
    public async Task Who_names_itself_with_a_certificate_is_held_to_the_node_of_the_certificate()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        host.Grains.Identity(Id).Answer = new IssueResult.OtherNode("app/a-1");
        using var own = TestCertificate.With(Id);

        var exception = await Assert.ThrowsAsync<GrpcException>(
            () => CreateAsync(host.TlsChannel(own), TestCertificate.CsrPem(), null, "app/a-2"));

        Assert.Equal(GrpcStatusCode.PermissionDenied, exception.Status.Code);
        Assert.True(host.Grains.Identity(Id).Requests.Reader.TryRead(out var request));
        Assert.Equal(own.SerialNumber, request.Proof?.Serial);
    }

    [Fact]
    public async Task A_certificate_that_was_replaced_twice_proves_nothing()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        host.Grains.Identity(Id).Answer = new IssueResult.Superseded();

        var exception = await Assert.ThrowsAsync<GrpcException>(
            () => CreateAsync(host.TlsChannel(TestCertificate.With(Id)), TestCertificate.CsrPem(), null, "app/a-1"));

        Assert.Equal(GrpcStatusCode.Unauthenticated, exception.Status.Code);
        Assert.Contains("the newest", exception.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_says_no_name_is_the_node_of_its_certificate()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        using var own = TestCertificate.With(Id);

        await CreateAsync(host.TlsChannel(own), TestCertificate.CsrPem(), null);

        Assert.True(host.Grains.Identity(Id).Requests.Reader.TryRead(out var request));
        Assert.Equal(new NodeProof("", MayRepeat: true, own.SerialNumber, IsNameless: true), request.Proof);
    }

    [Fact]
    public async Task A_negative_lifetime_is_refused_by_name()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        var request = new IstioCertificateRequest { Csr = TestCertificate.CsrPem(), ValidityDuration = -1 };

        var exception = await Assert.ThrowsAsync<GrpcException>(() => host.TlsChannel(TestCertificate.With(Id)).UnaryAsync(
            "/istio.v1.auth.IstioCertificateService/CreateCertificate",
            request,
            IstioCertificateResponse.Parser,
            GrpcCallOptions.Default,
            CancellationToken.None));

        Assert.Equal(GrpcStatusCode.InvalidArgument, exception.Status.Code);
        Assert.Contains("validity_duration: must not be negative", exception.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_asks_too_often_is_told_when_to_come_back()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        host.Grains.Identity(Id).Answer = new IssueResult.TooOften(TimeSpan.FromSeconds(7));

        var exception = await Assert.ThrowsAsync<GrpcException>(
            () => CreateAsync(host.TlsChannel(TestCertificate.With(Id)), TestCertificate.CsrPem(), null, "app/a-1"));

        Assert.Equal(GrpcStatusCode.ResourceExhausted, exception.Status.Code);
        Assert.Equal(TimeSpan.FromSeconds(7), exception.Status.RetryAfter);
    }

    [Fact]
    public async Task Who_has_to_be_asked_and_does_not_answer_is_unavailable_with_a_time_to_come_back()
    {
        var attestor = new FakeAttestor(new Attestation.Unavailable("Nobody answers.", TimeSpan.FromSeconds(5)));
        await using var host = await GatewayHost.StartAsync(
            serving: Serving, services: s => s.AddSingleton<IAttestor>(attestor));

        var status = await RefusedAsync(host.TlsChannel(null), TestCertificate.CsrPem(), FakeAttestor.Text);

        Assert.Equal((GrpcStatusCode.Unavailable, TimeSpan.FromSeconds(5)), (status.Code, status.RetryAfter));
    }

    [Fact]
    public async Task Who_guesses_is_not_heard_for_a_time_and_who_has_a_certificate_is()
    {
        var rates = new Rates();
        await using var host = await GatewayHost.StartAsync(
            serving: Serving, services: s => s.AddSingleton<ICertificateRates>(rates));
        var stranger = host.TlsChannel(null);

        var refused = await RefusedAsync(stranger, TestCertificate.CsrPem(), Token.Reveal());
        var wrong = await RefusedAsync(stranger, "no pem", Token.Reveal());
        rates.Wait = TimeSpan.FromSeconds(3);
        var unheard = await RefusedAsync(stranger, TestCertificate.CsrPem(), Token.Reveal());
        await CreateAsync(host.TlsChannel(TestCertificate.With(Id)), TestCertificate.CsrPem(), null, "app/a-1");

        Assert.Equal((GrpcStatusCode.Unauthenticated, GrpcStatusCode.InvalidArgument), (refused.Code, wrong.Code));
        Assert.Equal((GrpcStatusCode.ResourceExhausted, TimeSpan.FromSeconds(3)), (unheard.Code, unheard.RetryAfter));
        Assert.Equal(IPAddress.Loopback, Assert.Single(rates.Charged));
        Assert.Equal((0, 1), (host.Grains.Token(Token.Hash).Redeemed, host.Grains.Token(Token.Hash).Looked));
    }

    public static TheoryData<string, GrpcStatusCode, string> Tokens => new()
    {
        { "unknown", GrpcStatusCode.Unauthenticated, "not known" },
        { "used", GrpcStatusCode.Unauthenticated, "used before" },
        { "expired", GrpcStatusCode.Unauthenticated, "expired" },
        { "peer", GrpcStatusCode.PermissionDenied, "'peer'" },
    };

    [Theory]
    [MemberData(nameof(Tokens))]
    public async Task A_token_that_is_no_good_is_refused_in_its_own_words(string kind, GrpcStatusCode code, string text)
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        host.Grains.Token(Token.Hash).Answer = kind switch
        {
            "used" => new RedeemResult.Used(DateTimeOffset.UnixEpoch),
            "expired" => new RedeemResult.Expired(DateTimeOffset.UnixEpoch),
            "peer" => new RedeemResult.Granted(Grant with { Purpose = "peer" }),
            _ => new RedeemResult.Unknown(),
        };

        var status = await RefusedAsync(host.TlsChannel(null), TestCertificate.CsrPem(), Token.Reveal());

        Assert.Equal(code, status.Code);
        Assert.Contains(text, status.Message, StringComparison.Ordinal);
        Assert.False(host.Grains.Identity(Id).Requests.Reader.TryRead(out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no pem")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")]
    [InlineData("two")]
    [InlineData("forged")]
    [InlineData("certificate")]
    public async Task A_bad_request_is_an_invalid_argument_and_uses_no_token_up(string kind)
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        host.Grains.Token(Token.Hash).Answer = new RedeemResult.Granted(Grant);
        var csr = kind switch
        {
            "two" => TestCertificate.CsrPem() + "\n" + TestCertificate.CsrPem(),
            "forged" => Forge(TestCertificate.CsrPem()),
            "certificate" => Serving.ExportCertificatePem(),
            _ => kind,
        };

        var status = await RefusedAsync(host.TlsChannel(null), csr, Token.Reveal());

        Assert.Equal((GrpcStatusCode.InvalidArgument, 0), (status.Code, host.Grains.Token(Token.Hash).Looked));
    }

    [Fact]
    public async Task Nothing_is_signed_without_a_proof_of_identity()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);

        var none = await RefusedAsync(host.TlsChannel(null), TestCertificate.CsrPem(), null);
        var garbage = await RefusedAsync(host.TlsChannel(null), TestCertificate.CsrPem(), "mt1.nonsense");

        Assert.Equal((GrpcStatusCode.Unauthenticated, GrpcStatusCode.Unauthenticated), (none.Code, garbage.Code));
    }

    [Fact]
    public async Task Nothing_is_signed_in_clear_text()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Grains.Token(Token.Hash).Answer = new RedeemResult.Granted(Grant);

        var status = await RefusedAsync(host.Channel, TestCertificate.CsrPem(), Token.Reveal());

        Assert.Equal((GrpcStatusCode.Unauthenticated, 0), (status.Code, host.Grains.Token(Token.Hash).Looked));
    }

    [Fact]
    public async Task What_the_authority_refuses_is_said_in_its_words()
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        host.Grains.Identity(Id).Refusal = "The key is too short.";

        var status = await RefusedAsync(host.TlsChannel(TestCertificate.With(Id)), TestCertificate.CsrPem(), null);

        Assert.Equal(new GrpcStatus(GrpcStatusCode.InvalidArgument, "The key is too short."), status);
    }

    [Theory]
    [InlineData(new string[0], GrpcStatusCode.Unauthenticated)] // a certificate without a URI name
    [InlineData(new[] { Id, "spiffe://cluster.local/ns/app/sa/b" }, GrpcStatusCode.Unauthenticated)]
    [InlineData(new[] { "https://example.org/" }, GrpcStatusCode.Unauthenticated)]
    [InlineData(new[] { "spiffe://cluster.local/other" }, GrpcStatusCode.PermissionDenied)]
    [InlineData(new[] { Id }, GrpcStatusCode.Ok)]
    [InlineData(null, GrpcStatusCode.Unauthenticated)] // no certificate
    public async Task A_stream_over_TLS_belongs_to_the_one_name_of_its_certificate(string[]? uris, GrpcStatusCode expected)
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        var channel = host.TlsChannel(uris is null ? null : TestCertificate.With(uris));
        await using var call = channel.OpenDuplex<DiscoveryRequest, DiscoveryResponse>(
            "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
            DiscoveryResponse.Parser,
            GrpcCallOptions.Default,
            CancellationToken.None);
        await call.WriteAsync(new DiscoveryRequest { TypeUrl = TypeUrls.Cluster, Node = AdsClient.Node() }, CancellationToken.None);

        var code = GrpcStatusCode.Ok;
        try
        {
            Assert.NotNull(await call.ReadAsync(CancellationToken.None));
            Assert.Equal(uris![0], host.Status.List().Single().Connection.SpiffeId);
        }
        catch (GrpcException exception)
        {
            code = exception.Status.Code;
        }

        Assert.Equal(expected, code);
    }

    private static string Forge(string pem)
    {
        var der = Convert.FromBase64String(string.Concat(pem.Split('\n').Where(l => !l.StartsWith('-'))));
        der[^1] ^= 1;
        return PemEncoding.WriteString("CERTIFICATE REQUEST", der);
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData(null)]
    public async Task A_node_id_that_is_not_printable_or_too_long_is_refused_and_uses_no_token_up(string? nodeId)
    {
        await using var host = await GatewayHost.StartAsync(serving: Serving);
        var metadata = new Google.Protobuf.WellKnownTypes.Struct();
        metadata.Fields["NODE_ID"] = Google.Protobuf.WellKnownTypes.Value.ForString(nodeId ?? new string('x', 513));
        var request = new IstioCertificateRequest { Csr = TestCertificate.CsrPem(), Metadata = metadata };
        var redeemed = host.Grains.Token(Token.Hash);
        redeemed.Answer = new RedeemResult.Granted(Grant);

        var exception = await Assert.ThrowsAsync<GrpcException>(() => host.TlsChannel(null).UnaryAsync(
            "/istio.v1.auth.IstioCertificateService/CreateCertificate",
            request,
            IstioCertificateResponse.Parser,
            GrpcCallOptions.Default.WithBearer(Token.Reveal()),
            CancellationToken.None));

        Assert.Equal(GrpcStatusCode.InvalidArgument, exception.Status.Code);
        Assert.Contains("NODE_ID", exception.Status.Message, StringComparison.Ordinal);
        Assert.Equal(0, redeemed.Redeemed);
    }

    private static async Task<GrpcStatus> RefusedAsync(GrpcChannel channel, string csr, string? token) =>
        (await Assert.ThrowsAsync<GrpcException>(() => CreateAsync(channel, csr, token))).Status;

    private static Task<IstioCertificateResponse> CreateAsync(
        GrpcChannel channel, string csr, string? token, string? node = null, (string Chain, string Signature)? ended = null, long lifetime = 0)
    {
        var request = new IstioCertificateRequest { Csr = csr, ValidityDuration = lifetime };
        if (node is not null) request.Metadata = new() { Fields = { ["NODE_ID"] = Value.ForString(node) } };
        if (ended is { } shown)
        {
            request.Metadata = new()
            {
                Fields =
                {
                    [EndedCertificateProof.ChainField] = Value.ForString(shown.Chain),
                    [EndedCertificateProof.SignatureField] = Value.ForString(shown.Signature),
                },
            };
        }

        return channel.UnaryAsync(
            "/istio.v1.auth.IstioCertificateService/CreateCertificate",
            request,
            IstioCertificateResponse.Parser,
            token is null ? GrpcCallOptions.Default : GrpcCallOptions.Default.WithBearer(token),
            CancellationToken.None);
    }

    /// <summary>Finds of one bearer what the test says.</summary>
    private sealed class FakeAttestor(Attestation found) : IAttestor
    {
        public const string Text = "a bearer";

        public string Name => "fake";

        public bool Recognises(Evidence evidence) => evidence is Evidence.Bearer(Text) or Evidence.EndedCertificate;

        public Task<Attestation> ExamineAsync(Evidence evidence, CancellationToken cancellationToken) => Task.FromResult(found);

        public Task<Attestation> RedeemAsync(Evidence evidence, EvidenceUse use, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task FinishAsync(Evidence evidence, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Rates : ICertificateRates
    {
        public TimeSpan Wait { get; set; }

        public ConcurrentQueue<IPAddress?> Charged { get; } = new();

        public TimeSpan UntilHeard(IPAddress? address) => Wait;

        public void Charge(IPAddress? address) => Charged.Enqueue(address);
    }
}
