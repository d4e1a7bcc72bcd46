using System.Net;
using System.Net.Sockets;

namespace MeshOrleans.Silo.Tests.Cli;

public sealed class ConnectionTests
{
    [Fact]
    public async Task A_control_plane_that_does_not_answer_is_named_with_what_to_do()
    {
        await using var cli = await CliRun.StartAsync();
        var port = FreePort();

        var result = await cli.RunAsync("get", "peers", "--server", $"127.0.0.1:{port}");

        Assert.Equal(1, result.Code);
        Assert.Equal(
            $"meshctl: no control plane answers at http://127.0.0.1:{port} (from --server); start one with ./mesh up or name it with --server\n",
            result.Error);
    }

    [Fact]
    public async Task Without_any_hint_the_message_says_where_one_could_come_from()
    {
        await using var cli = await CliRun.StartAsync();
        File.Delete(Path.Combine(cli.Folder, "control-plane.json"));

        var result = await cli.RunAsync("get", "peers");

        Assert.Equal(1, result.Code);
        Assert.Contains("control-plane.json does not exist; start one with ./mesh up, or name it with --server", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variables_name_the_server_and_the_credential()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/peers", "[]");
        cli.Environment["MESH_SERVER"] = cli.Api.Address;
        cli.Environment["MESH_ADMIN_TOKEN_FILE"] = cli.Write("other-token", "other");

        var result = await cli.RunBareAsync("get", "peers");

        Assert.Equal(0, result.Code);
        Assert.Equal("Bearer other", Assert.Single(cli.Api.Requests).Authorization);
    }

    [Fact]
    public async Task The_data_folder_can_come_from_a_variable()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/peers", "[]");
        cli.Environment["MESH_DATA"] = cli.Folder;

        Assert.Equal(0, (await cli.RunBareAsync("get", "peers")).Code);
    }

    [Fact]
    public async Task A_missing_credential_is_named_and_nothing_is_sent()
    {
        await using var cli = await CliRun.StartAsync();
        File.Delete(Path.Combine(cli.Folder, "admin-token"));

        var result = await cli.RunAsync("get", "peers");

        Assert.Equal(1, result.Code);
        Assert.Contains("--token-file", result.Error, StringComparison.Ordinal);
        Assert.Empty(cli.Api.Requests);
    }

    [Fact]
    public async Task A_wrong_credential_is_told_with_the_file_it_came_from()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.OnProblem("GET /v1/peers", 403, """{"title":"Not allowed.","detail":"This call needs the admin credential.","errors":[]}""");

        var result = await cli.RunAsync("get", "peers");

        Assert.Equal(
            $"meshctl: Not allowed. This call needs the admin credential. The credential came from {cli.Folder}/admin-token; name another with --token-file.\n",
            result.Error);
        Assert.DoesNotContain("secret-admin", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Something_else_on_the_port_is_recognised()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/peers", "<html>", status: 502, type: "text/html");

        var result = await cli.RunAsync("get", "peers");

        Assert.Equal(1, result.Code);
        Assert.Contains("answered 502 Bad Gateway without saying why. Is it the REST API of a control plane?", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("null")]
    [InlineData("""[{"name":null}]""")]
    [InlineData("""{"a":1}""")]
    public async Task An_answer_that_is_not_understood_fails_without_a_stack_trace(string body)
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/peers", body);

        var result = await cli.RunAsync("get", "peers");

        Assert.Equal(1, result.Code);
        Assert.StartsWith("meshctl: the control plane's answer is not understood", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_no_missing_control_plane()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("GET /v1/peers", "", FakeApi.HangUp);

        var result = await cli.RunAsync("get", "peers");

        Assert.Equal(1, result.Code);
        Assert.StartsWith($"meshctl: talking to {cli.Api.Address} (from {cli.Folder}/control-plane.json) failed: ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://x")]
    [InlineData("http://x/path")]
    [InlineData("http://user:pw@x")]
    public async Task An_address_that_is_none_is_a_usage_error(string server)
    {
        await using var cli = await CliRun.StartAsync();

        var result = await cli.RunAsync("get", "peers", "--server", server);

        Assert.Equal(2, result.Code);
        Assert.Contains("is no address", result.Error, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
