using System.Collections.Concurrent;
using System.Net;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Tests.Dataplane.Fixtures;
using MeshOrleans.Proxy.Tests.Sidecar;
using MeshOrleans.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>Active health checks, over real connections and by a clock that the test moves.</summary>
public sealed class HealthCheckTests
{
    private static readonly StatusSpan Ok = new(200, 201);
    private static readonly HealthCheckModel Get = new()
    {
        Probe = new HealthProbe.Http("/health?deep=1", "b.app", [Ok], [new StatusSpan(100, 600)]),
        UnhealthyThreshold = 2,
        HealthyThreshold = 2,
    };

    private readonly Fixtures.TestAuthority _authority = new();

    [Fact]
    public async Task A_member_that_fails_gets_no_requests_until_it_has_been_well_often_enough()
    {
        await using var one = await PatientAsync("one");
        await using var two = await PatientAsync("two");
        await using var bench = await Bench.StartAsync(Checked(Get, one.Backend, two.Backend));
        await bench.RoundAsync();
        Assert.Equal(["one", "two"], await bench.AnswersAsync());

        two.Status = 503;
        await bench.RoundAsync();
        Assert.Equal(["one", "two"], await bench.AnswersAsync()); // one failure of two
        await bench.RoundAsync();
        Assert.Equal(["one"], await bench.AnswersAsync());
        two.Status = 200;
        await bench.RoundAsync();
        Assert.Equal(["one"], await bench.AnswersAsync()); // one success of two
        await bench.RoundAsync();
        Assert.Equal(["one", "two"], await bench.AnswersAsync());

        var check = two.Backend.Requests.First(r => r.RawTarget == "/health?deep=1");
        Assert.Equal(("b.app", "mesh-health-check"), (check.Headers["Host"], check.Headers["User-Agent"]));
        Assert.Contains("mesh_health_checks_total{cluster=\"c\",outcome=\"failure\"} 2\n", bench.Proxy.Server.Metrics.Write());
        Assert.Contains("mesh_unhealthy_endpoints{cluster=\"c\"} 0\n", bench.Proxy.Server.Metrics.Write());
    }

    [Fact]
    public async Task With_nobody_well_requests_fail_unless_there_is_a_panic()
    {
        await using var one = await PatientAsync("one", 500);
        await using var bench = await Bench.StartAsync(Checked(Get, one.Backend));
        await bench.RoundAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bench.Proxy.GetAsync("http://b/")).Status);
        await bench.Proxy.CountedAsync(1, 503, ResponseFlags.NoHealthyUpstream);
        bench.Apply(Checked(Get, one.Backend) with { PanicThresholdPercent = 50 });
        Assert.Equal((HttpStatusCode.OK, "one"), await bench.Proxy.GetAsync("http://b/"));
    }

    [Fact]
    public async Task A_status_that_is_not_tolerated_takes_out_at_once()
    {
        await using var one = await PatientAsync("one");
        await using var two = await PatientAsync("two");
        var strict = Get with { Probe = new HealthProbe.Http("/health", "", [Ok], []) };
        await using var bench = await Bench.StartAsync(Checked(strict, one.Backend, two.Backend));
        await bench.RoundAsync();

        two.Status = 404;
        await bench.RoundAsync();

        Assert.Equal(["one"], await bench.AnswersAsync());
    }

    [Fact]
    public async Task No_answer_in_time_is_a_failure()
    {
        await using var silent = await EchoBackend.StartAsync("silent");
        silent.Answer = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await using var bench = await Bench.StartAsync(Checked(Get, silent));
        await Eventually.HoldsAsync("check under way", () => silent.Calls == 1);

        bench.Clock.Advance(Get.Timeout);

        await bench.Proxy.ToldAsync("mesh_unhealthy_endpoints{cluster=\"c\"} 1\n");
    }

    [Fact]
    public async Task What_has_been_found_outlives_a_new_model_and_new_rules_and_ends_with_the_checks()
    {
        await using var one = await PatientAsync("one");
        await using var two = await PatientAsync("two", 503);
        await using var bench = await Bench.StartAsync(Checked(Get, one.Backend, two.Backend));
        await bench.RoundAsync();

        bench.Apply(Checked(Get, one.Backend, two.Backend) with { LoadBalancing = LoadBalancing.Random });
        Assert.Equal(["one"], await bench.AnswersAsync());
        bench.Apply(Checked(Get with { InitialJitter = TimeSpan.FromDays(1), HealthyThreshold = 9 }, one.Backend, two.Backend));
        Assert.Equal(["one"], await bench.AnswersAsync());
        bench.Apply(Models.Cluster("c", one.Backend, two.Backend));

        Assert.Equal(["one", "two"], await bench.AnswersAsync());
        Assert.DoesNotContain("cluster=\"c\"", bench.Proxy.Server.Metrics.Write());
    }

    [Fact]
    public async Task A_new_member_is_used_until_its_first_check_has_failed()
    {
        await using var one = await PatientAsync("one");
        await using var late = await PatientAsync("late", 503);
        await using var bench = await Bench.StartAsync(Checked(Get, one.Backend));
        await bench.RoundAsync();
        var release = new TaskCompletionSource();
        late.Before = release.Task;

        bench.Apply(Checked(Get, one.Backend, late.Backend));
        var before = await bench.AnswersAsync();
        release.SetResult();
        await bench.Proxy.ToldAsync("mesh_unhealthy_endpoints{cluster=\"c\"} 1\n");

        Assert.Equal(["late", "one"], before);
        Assert.Equal(["one"], await bench.AnswersAsync());
    }

    [Theory]
    [InlineData("b", 200, true, 0)]
    [InlineData("b", 503, true, 1)]
    [InlineData("somebody", 200, true, 1)] // the server is not who it should be
    [InlineData("b", 503, false, 0)] // a connection is one to the sidecar
    [InlineData("somebody", 200, false, 1)]
    public async Task A_member_with_a_sidecar_is_asked_over_mesh_mTLS(string identity, int status, bool isRequest, int unhealthy)
    {
        var rules = isRequest ? Get : Get with { Probe = new HealthProbe.Tcp() };
        await using var app = await PatientAsync("app", status);
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app.Backend)), _authority.Identity(identity));
        var cluster = Models.Mesh("c", server.InboundPort, _authority.IdOf("b")) with { HealthCheck = rules };
        await using var bench = await Bench.StartAsync(cluster, _authority.Identity("a"));

        await bench.RoundAsync();

        await bench.Proxy.ToldAsync($"mesh_unhealthy_endpoints{{cluster=\"c\"}} {unhealthy}\n");
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task A_proxy_without_a_valid_certificate_finds_nothing_out_about_others(bool isExpired, bool isRequest)
    {
        var rules = isRequest ? Get : Get with { Probe = new HealthProbe.Tcp() };
        await using var app = await PatientAsync("app");
        await using var server = await TestProxy.StartAsync(
            Models.Inbound(TestProxy.AppPort, InboundTlsMode.Strict, Models.Cluster("app", app.Backend)), _authority.Identity("b"));
        var cluster = Models.Mesh("c", server.InboundPort, _authority.IdOf("b")) with { HealthCheck = rules };
        var old = TlsIdentity.Create(
            _authority.Issue(DateTimeOffset.UtcNow.AddHours(-1), _authority.IdOf("a")), [], [_authority.Bundle]);
        await using var bench = await Bench.StartAsync(cluster, isExpired ? old : null);
        await bench.Proxy.ToldAsync("mesh_health_checks_total{cluster=\"c\",outcome=\"not_made\"} 1\n");
        await Eventually.HoldsAsync("pause after the check", () => bench.Clock.PendingTimers == Bench.OwnTimers + 1);

        var before = bench.Proxy.State.Current.Clusters["c"].Slots.Any(s => s.State.Health.IsUnhealthy);
        bench.Proxy.State.SetIdentity(_authority.Identity("a"));
        bench.Clock.Advance(Get.Interval);

        await bench.Proxy.ToldAsync("mesh_health_checks_total{cluster=\"c\",outcome=\"success\"} 1\n");
        Assert.False(before);
        Assert.Contains("mesh_health_checks_total{cluster=\"c\",outcome=\"failure\"} 0\n", bench.Proxy.Server.Metrics.Write());
    }

    [Fact]
    public async Task A_proxy_without_the_files_that_a_server_asks_for_finds_nothing_out_about_it()
    {
        await using var one = await PatientAsync("one");
        var cluster = Checked(Get, one.Backend) with
        {
            Tls = new UpstreamTlsModel { Mode = UpstreamTlsMode.Simple, CertificateFile = "/nowhere/tls.crt", PrivateKeyFile = "/nowhere/tls.key" },
        };
        await using var bench = await Bench.StartAsync(cluster);

        await bench.Proxy.ToldAsync("mesh_health_checks_total{cluster=\"c\",outcome=\"not_made\"} 1\n");

        Assert.Contains("mesh_health_checks_total{cluster=\"c\",outcome=\"failure\"} 0\n", bench.Proxy.Server.Metrics.Write());
        Assert.DoesNotContain(bench.Proxy.State.Current.Clusters["c"].Slots, s => s.State.Health.IsUnhealthy);
    }

    [Fact]
    public async Task A_connection_is_enough_where_that_is_asked_for()
    {
        await using var one = await EchoBackend.AlwaysAsync(500);
        var cluster = Models.Cluster("c", one.Port, ClosedPort.Next()) with
        {
            HealthCheck = new HealthCheckModel { Probe = new HealthProbe.Tcp() },
        };
        await using var bench = await Bench.StartAsync(cluster);

        await bench.RoundAsync();

        Assert.Equal([false, true], bench.Proxy.State.Current.Clusters["c"].Slots.Select(s => s.State.Health.IsUnhealthy));
        Assert.Equal(0, one.Calls);
    }

    [Theory]
    [InlineData(1, "0", 0)]
    [InlineData(2, "0", 1)]
    [InlineData(1, "12", 1)]
    public async Task A_gRPC_server_says_that_it_serves(byte serving, string grpcStatus, int unhealthy)
    {
        var asked = new ConcurrentQueue<string>();
        await using var server = await EchoBackend.StartAsync("grpc", HttpProtocols.Http2);
        server.Answer = async (context, _) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            asked.Enqueue($"{context.Request.Method} {context.Request.Path} {context.Request.ContentType} {Convert.ToHexString(body.ToArray())}");
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync(new byte[] { 0, 0, 0, 0, 2, 8, serving });
            context.Response.AppendTrailer("grpc-status", grpcStatus);
        };
        var cluster = Models.Cluster("c", server) with
        {
            Protocol = UpstreamProtocol.Http2,
            HealthCheck = new HealthCheckModel { Probe = new HealthProbe.Grpc("shop", "b") },
        };
        await using var bench = await Bench.StartAsync(cluster);

        await bench.RoundAsync();

        Assert.Equal(["POST /grpc.health.v1.Health/Check application/grpc 00000000060A0473686F70"], asked);
        await bench.Proxy.ToldAsync($"mesh_unhealthy_endpoints{{cluster=\"c\"}} {unhealthy}\n");
    }

    private static ClusterModel Checked(HealthCheckModel rules, params EchoBackend[] backends) =>
        Models.Cluster("c", backends) with { HealthCheck = rules };

    private static async Task<Patient> PatientAsync(string name, int status = 200)
    {
        var patient = new Patient(await EchoBackend.StartAsync(name)) { Status = status };
        patient.Backend.Answer = async (context, _) =>
        {
            if (context.Request.Path != "/health")
            {
                await context.Response.WriteAsync(name);
                return;
            }

            await patient.Before;
            context.Response.StatusCode = patient.Status;
        };
        return patient;
    }

    /// <summary>A backend whose health the test decides.</summary>
    private sealed class Patient(EchoBackend backend) : IAsyncDisposable
    {
        public EchoBackend Backend => backend;

        public int Status { get; set; } = 200;

        public Task Before { get; set; } = Task.CompletedTask;

        public ValueTask DisposeAsync() => backend.DisposeAsync();
    }

    /// <summary>A proxy whose checks run by rounds.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        /// <summary>Those that a proxy always has: it looks at lists of revoked certificates.</summary>
        public const int OwnTimers = 1;

        private int _rounds;

        private Bench(TestProxy proxy, ManualTimeProvider clock) => (Proxy, Clock) = (proxy, clock);

        public TestProxy Proxy { get; }

        public ManualTimeProvider Clock { get; }

        public static async Task<Bench> StartAsync(ClusterModel cluster, TlsIdentity? identity = null)
        {
            var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow()); // certificates are of today
            return new Bench(await TestProxy.StartAsync(ModelOf(cluster), identity, clock), clock);
        }

        public void Apply(ClusterModel cluster) => Proxy.State.Apply(ModelOf(cluster));

        /// <summary>Waits for the next check of all members; the first needs no waiting for its time.</summary>
        public async Task RoundAsync()
        {
            var members = Proxy.State.Current.Clusters["c"].Slots.Length;
            if (_rounds++ > 0) Clock.Advance(Get.Interval);
            var series = Proxy.Server.Metrics.Checks.Of("c");
            await Eventually.HoldsAsync("check of everybody", () => series.Passed + series.Failed == members * _rounds);
            await Eventually.HoldsAsync("pause of every check", () => Clock.PendingTimers == OwnTimers + members);
        }

        /// <summary>Who answers, in the order of their names.</summary>
        public async Task<List<string>> AnswersAsync()
        {
            var answers = new SortedSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < 40; i++)
            {
                var (status, body) = await Proxy.GetAsync("http://b/");
                Assert.Equal(HttpStatusCode.OK, status);
                answers.Add(body);
            }

            return [.. answers];
        }

        public ValueTask DisposeAsync() => Proxy.DisposeAsync();

        private static ProxyModel ModelOf(ClusterModel cluster) =>
            Models.Outbound(Models.Table(Models.To(cluster.Name)), cluster);
    }
}
