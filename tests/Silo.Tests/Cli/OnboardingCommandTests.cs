using System.Runtime.Versioning;
using System.Text.Json;

namespace MeshOrleans.Silo.Tests.Cli;

[UnsupportedOSPlatform("windows")] // file modes
public sealed class OnboardingCommandTests
{
    private const string Joined = """{"id":"shop/vm1","created":true,"spiffeId":"spiffe://m/ns/shop/sa/cart","leaseSeconds":15,"trustBundle":{},"xds":"10.0.0.1:15012","sidecarConfig":{"xds":"10.0.0.1:15012","token":"mt1.a.b"},"certificate":null}""";

    private const string Minted = """{"token":"mt1.a.b","expiresAt":"2026-01-01T01:00:00Z","namespace":"shop","serviceAccount":"cart"}""";

    [Fact]
    public async Task A_minted_token_stands_alone_on_standard_output()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/tokens", Minted, status: 201);

        var result = await cli.RunAsync("workload", "token", "-n", "shop", "--service-account", "cart", "--lifetime", "1h30m");

        Assert.Equal((0, "mt1.a.b\n", "good for one use until 2026-01-01 01:00:00Z\n"), (result.Code, result.Out, result.Error));
        Assert.Equal(
            """{"purpose":"workload","namespace":"shop","serviceAccount":"cart","lifetimeSeconds":5400}""",
            Assert.Single(cli.Api.Requests).Body);
    }

    [Fact]
    public async Task A_token_for_one_node_says_which()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/tokens", Minted, status: 201);

        await cli.RunAsync("workload", "token", "-n", "shop", "--node", "vm1");

        Assert.Equal("""{"purpose":"workload","namespace":"shop","node":"vm1"}""", Assert.Single(cli.Api.Requests).Body);
    }

    [Fact]
    public async Task A_peer_token_asks_for_its_purpose()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/tokens", Minted, status: 201);

        Assert.Equal(0, (await cli.RunAsync("peer", "token")).Code);
        Assert.Equal("""{"purpose":"peer"}""", Assert.Single(cli.Api.Requests).Body);
    }

    [Fact]
    public async Task Register_sends_the_description_and_keeps_the_sidecars_file_private()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/workloads", Joined, status: 201);
        var file = cli.Write("vm1.json", "an older file that everybody may read");

        var result = await cli.RunAsync(
            "workload", "register", "vm1", "-n", "shop", "--service-account", "cart", "--address", "10.0.0.7",
            "--port", "http=8080,admin=9000", "--label", "app=cart", "--label", "version=v1", "--out", file);

        Assert.Equal(0, result.Code);
        Assert.Equal("shop/vm1 joined as spiffe://m/ns/shop/sa/cart", result.Lines[0]);
        Assert.Equal(
            """{"namespace":"shop","name":"vm1","address":"10.0.0.7","ports":{"admin":9000,"http":8080},"labels":{"app":"cart","version":"v1"},"serviceAccount":"cart"}""",
            Assert.Single(cli.Api.Requests).Body);
        Assert.Equal("""{"xds":"10.0.0.1:15012","token":"mt1.a.b"}""" + "\n", await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain("mt1.", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Register_with_a_join_token_needs_no_admin_credential()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/workloads", Joined, status: 201);
        File.Delete(Path.Combine(cli.Folder, "admin-token"));
        cli.Input = "mt1.x.y\n";

        var result = await cli.RunAsync("workload", "register", "vm1", "--address", "10.0.0.7", "--port", "http=80", "--join-token", "-");

        Assert.Equal(0, result.Code);
        Assert.Equal("Bearer mt1.x.y", Assert.Single(cli.Api.Requests).Authorization);
    }

    [Fact]
    public async Task Configure_writes_what_the_sidecar_reads()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/tokens", Minted, status: 201);
        var file = Path.Combine(cli.Folder, "vm1.json");

        var result = await cli.RunAsync(
            "workload", "configure", "vm1", "-n", "shop", "--service-account", "cart", "--address", "10.0.0.7",
            "--port", "http=8080", "--label", "app=cart", "--lease", "20s", "--out", file);

        Assert.Equal(0, result.Code);
        var config = JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement;
        Assert.Equal(
            ["xds=127.0.0.1:15012", "namespace=shop", "service-account=cart", "workload-name=vm1", "address=10.0.0.7", "labels=app=cart", "app-port=8080", "port-names=http", "lease=20", "token=mt1.a.b"],
            config.EnumerateObject().Select(p => $"{p.Name}={p.Value}"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Configure_writes_what_a_gRPC_program_without_sidecar_reads()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/tokens", Minted, status: 201);
        cli.Api.On("POST /v1/certificates", """{"chain":["LEAF","ISSUER\n"],"serial":"1","notAfter":"2026-01-02T00:00:00Z","rotateAt":"2026-01-01T12:00:00Z"}""", status: 201);
        cli.Api.On("GET /v1/trust-bundle", """{"trustDomain":"m","roots":["ROOT"],"sequence":1}""");
        cli.Write("control-plane.json", $$"""{"api":"{{cli.Api.Address}}","xdsPlain":"127.0.0.1:15010"}""");
        var folder = Path.Combine(cli.Folder, "cart");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "key.pem"), "one that everybody may read");
        File.SetUnixFileMode(Path.Combine(folder, "key.pem"), (UnixFileMode)Convert.ToInt32("644", 8));

        var result = await cli.RunAsync(
            "workload", "configure", "cart-1", "-n", "shop", "--service-account", "cart", "--address", "10.0.0.7",
            "--port", "grpc=7070", "--label", "app=cart", "--locality", "here/z1",
            "--weight", "3", "--lease", "20s", "--group", "carts", "--grpc", folder);

        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("ends at 2026-01-02 00:00:00Z", result.Out, StringComparison.Ordinal);
        Assert.Equal(("LEAF\nISSUER\n", "ROOT\n"), (await TextAsync("cert-chain.pem"), await TextAsync("root-cert.pem")));
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----", await TextAsync("key.pem"), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "key.pem")));
        Assert.DoesNotContain("PRIVATE", string.Concat(cli.Api.Requests.Select(r => r.Body)), StringComparison.Ordinal);
        Assert.Equal("Bearer mt1.a.b", cli.Api.Requests.Single(r => r.Body.Contains("csr", StringComparison.Ordinal)).Authorization);
        var bootstrap = JsonDocument.Parse(await TextAsync("grpc-bootstrap.json")).RootElement;
        Assert.Equal("127.0.0.1:15010", bootstrap.GetProperty("xds_servers")[0].GetProperty("server_uri").GetString());
        Assert.Equal("xds.istio.io/grpc/lds/inbound/%s", bootstrap.GetProperty("server_listener_resource_name_template").GetString());
        var node = bootstrap.GetProperty("node");
        Assert.Equal("sidecar~10.0.0.7~cart-1.shop~shop.svc.cluster.local", node.GetProperty("id").GetString());
        Assert.Equal("""{"region":"here","zone":"z1"}""", Compact(node.GetProperty("locality")));
        Assert.Equal("grpc", node.GetProperty("metadata").GetProperty("GENERATOR").GetString());
        Assert.Equal(
            """{"address":"10.0.0.7","ports":{"grpc":7070},"weight":3,"leaseSeconds":20,"group":"carts"}""",
            Compact(node.GetProperty("metadata").GetProperty("MESH_WORKLOAD")));
        var files = bootstrap.GetProperty("certificate_providers").GetProperty("default").GetProperty("config");
        Assert.Equal(Path.Combine(folder, "key.pem"), files.GetProperty("private_key_file").GetString());

        Task<string> TextAsync(string name) => File.ReadAllTextAsync(Path.Combine(folder, name));

        static string Compact(JsonElement element) => JsonSerializer.Serialize(element);
    }

    [Fact]
    public async Task Configure_writes_what_a_stock_Envoy_reads()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/tokens", Minted, status: 201);
        cli.Api.On("POST /v1/certificates", """{"chain":["LEAF","ISSUER\n"],"serial":"1","notAfter":"2026-01-02T00:00:00Z","rotateAt":"2026-01-01T12:00:00Z"}""", status: 201);
        cli.Api.On("GET /v1/trust-bundle", """{"trustDomain":"mesh.example","roots":["ROOT"],"sequence":1}""");
        cli.Api.On("GET /v1/trust-bundles", """[{"trustDomain":"mesh.example","roots":["ROOT"],"sequence":1}]""");
        var folder = Path.Combine(cli.Folder, "cart");

        var result = await cli.RunAsync(
            "workload", "configure", "cart-1", "-n", "shop", "--service-account", "cart", "--address", "10.0.0.7",
            "--port", "http=8080", "--label", "app=cart", "--locality", "here/z1", "--weight", "3",
            "--xds", "gw-1.example:15012,[2001:db8::1]:15012", "--envoy", folder);

        Assert.True(result.Code == 0, result.Error);
        Assert.Contains($"envoy -c {Path.Combine(folder, "envoy-bootstrap.json")}", result.Out, StringComparison.Ordinal);
        Assert.Contains("ends at 2026-01-02 00:00:00Z", result.Out, StringComparison.Ordinal);
        Assert.Equal(("LEAF\nISSUER\n", "ROOT\n"), (await TextAsync("cert-chain.pem"), await TextAsync("root-cert.pem")));
        Assert.DoesNotContain("PRIVATE", string.Concat(cli.Api.Requests.Select(r => r.Body)), StringComparison.Ordinal);
        await CompareAsync("envoy-bootstrap.json");
        await CompareAsync("sds-certificate.json");
        await CompareAsync("sds-roots.json");

        Task<string> TextAsync(string name) => File.ReadAllTextAsync(Path.Combine(folder, name));

        async Task CompareAsync(string name)
        {
            var actual = (await TextAsync(name)).Replace(folder, "/cart", StringComparison.Ordinal);
            var golden = Path.Combine(Path.GetDirectoryName(SourceFile())!, "golden", name);
            if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            {
                Directory.CreateDirectory(Path.GetDirectoryName(golden)!);
                await File.WriteAllTextAsync(golden, actual);
            }

            Assert.Equal(await File.ReadAllTextAsync(golden), actual);
        }

        static string SourceFile([System.Runtime.CompilerServices.CallerFilePath] string path = "") => path;
    }

    [Fact]
    public async Task A_stock_Envoy_trusts_each_linked_mesh_with_its_own_members_only()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/tokens", Minted, status: 201);
        cli.Api.On("POST /v1/certificates", """{"chain":["LEAF","ISSUER\n"],"serial":"1","notAfter":"2026-01-02T00:00:00Z","rotateAt":"2026-01-01T12:00:00Z"}""", status: 201);
        cli.Api.On("GET /v1/trust-bundle", """{"trustDomain":"mesh.example","roots":["ROOT"],"sequence":1}""");
        cli.Api.On("GET /v1/trust-bundles", """[{"trustDomain":"mesh.example","roots":["ROOT"],"sequence":1},{"trustDomain":"other.example","roots":["ONE\n","TWO"],"sequence":7}]""");
        var folder = Path.Combine(cli.Folder, "cart");

        var result = await cli.RunAsync(
            "workload", "configure", "cart-1", "--address", "10.0.0.7", "--port", "http=80", "--xds", "gw:15012", "--envoy", folder);

        Assert.True(result.Code == 0, result.Error);
        var secret = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "sds-roots.json"))).RootElement;
        var context = secret.GetProperty("resources")[0].GetProperty("validation_context");
        var validator = context.GetProperty("custom_validator_config");
        Assert.Equal("envoy.tls.cert_validator.spiffe", validator.GetProperty("name").GetString());
        Assert.Equal(
            [("mesh.example", "ROOT\n"), ("other.example", "ONE\nTWO\n")],
            validator.GetProperty("typed_config").GetProperty("trust_domains").EnumerateArray().Select(d =>
                (d.GetProperty("name").GetString()!, d.GetProperty("trust_bundle").GetProperty("inline_string").GetString()!)));
        Assert.False(context.TryGetProperty("trusted_ca", out _));
        Assert.Equal("ROOT\n", await File.ReadAllTextAsync(Path.Combine(folder, "root-cert.pem")));
    }

    [Theory]
    [InlineData("gateway")]
    [InlineData(":15012")]
    [InlineData("gateway:0")]
    public async Task Configure_for_Envoy_wants_to_know_a_port(string xds)
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/tokens", Minted, status: 201);

        var result = await cli.RunAsync(
            "workload", "configure", "vm1", "--address", "10.0.0.7", "--port", "http=80", "--xds", xds, "--envoy", Path.Combine(cli.Folder, "x"));

        Assert.Equal(2, result.Code);
        Assert.Contains("is no HOST:PORT", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(cli.Api.Requests, r => r.Body.Contains("csr", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData()]
    [InlineData("--out", "a", "--grpc", "b")]
    [InlineData("--envoy", "a", "--grpc", "b")]
    public async Task Configure_is_for_a_sidecar_or_for_none(params string[] outputs)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync(["workload", "configure", "vm1", "--address", "10.0.0.7", "--port", "http=80", .. outputs]);

        Assert.Equal(2, result.Code);
        Assert.Contains("--grpc DIR", result.Error, StringComparison.Ordinal);
        Assert.Empty(cli.Api.Requests);
    }

    [Fact]
    public async Task Remove_names_the_member_it_removed()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("DELETE /v1/workloads/shop/vm1", "", status: 204);

        var result = await cli.RunAsync("workload", "remove", "vm1", "-n", "shop");

        Assert.Equal((0, "shop/vm1 removed\n"), (result.Code, result.Out));
    }

    [Fact]
    public async Task A_peer_is_added_with_the_token_of_a_file()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/peers", """{"name":"west","trustDomain":"west.example"}""", status: 201);
        var token = cli.Write("west.token", "mt1.q.r\n");

        var result = await cli.RunAsync("peer", "add", "west", "--address", "west.example:15012", "--peer-token", token);

        Assert.Equal((0, "linked with west, trust domain west.example\n"), (result.Code, result.Out));
        Assert.Equal("""{"name":"west","address":"west.example:15012","token":"mt1.q.r"}""", Assert.Single(cli.Api.Requests).Body);
    }

    [Fact]
    public async Task Peers_show_how_old_their_last_word_is()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/peers", """[{"name":"west","trustDomain":"west.example","address":"h:1","status":"STALE","lastSync":null,"ageSeconds":95.2,"error":"refused","imported":["a/b"],"exported":[]}]""");

        var result = await cli.RunAsync("peer", "list");

        Assert.Equal("west   west.example   h:1       STALE    95s ago     1          0          refused", result.Lines[1]);
    }

    [Theory]
    [InlineData("--port", "8080")]
    [InlineData("--port", "http=0")]
    [InlineData("--port", "http=80,http=81")]
    [InlineData("--label", "=x", "--port", "http=80")]
    [InlineData("--lease", "soon", "--port", "http=80")]
    public async Task A_value_of_the_wrong_shape_is_a_usage_error(params string[] args)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync(["workload", "register", "vm1", "--address", "10.0.0.7", .. args]);

        Assert.Equal(2, result.Code);
        Assert.StartsWith($"meshctl: {args[0]}", result.Error, StringComparison.Ordinal);
        Assert.Empty(cli.Api.Requests);
    }
}
