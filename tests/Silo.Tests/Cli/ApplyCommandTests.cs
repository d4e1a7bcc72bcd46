using System.Text.Json;

namespace MeshOrleans.Silo.Tests.Cli;

public sealed class ApplyCommandTests
{
    private const string Refusal = """
        {"title":"The manifest is refused; nothing was changed.","status":422,"detail":"2 error(s).","errors":[
          {"code":"IST0106","path":"spec.http[0].route","message":"total destination weight = 0","file":"a.yaml","line":12,"severity":"error","resource":"VirtualService/default/reviews"},
          {"code":"MSH2001","path":"","message":"no document","file":"b.yaml","line":0,"severity":"error","resource":""},
          {"code":"MSH2002","path":"spec.old","message":"is an old name","file":"a.yaml","line":3,"severity":"warning","resource":""}]}
        """;

    [Fact]
    public async Task All_files_go_as_one_change_set_under_the_names_they_were_given()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/config", """{"revision":7,"changes":[{"kind":"VirtualService","namespace":"default","name":"reviews","change":"created"}],"warnings":[]}""");
        var folder = Path.GetDirectoryName(cli.Write("m/b.yaml", "b: 1"))!;
        cli.Write("m/a.yml", "a: 1");
        cli.Write("m/notes.txt", "not a manifest");
        cli.Input = "s: é<&";

        var result = await cli.RunAsync("apply", "-f", folder, "-f", "-", "--reason", "why not");

        Assert.Equal((0, "VirtualService default/reviews created\nrevision 7\n", ""), (result.Code, result.Out, result.Error));
        var request = Assert.Single(cli.Api.Requests);
        Assert.Equal("application/vnd.mesh.manifests+json", request.ContentType);
        Assert.Equal("Bearer secret-admin", request.Authorization);
        Assert.Contains("é<&", request.Body, StringComparison.Ordinal);
        var body = JsonDocument.Parse(request.Body).RootElement;
        Assert.Equal(
            [($"{folder}/a.yml", "a: 1"), ($"{folder}/b.yaml", "b: 1"), ("<stdin>", "s: é<&")],
            body.GetProperty("files").EnumerateArray().Select(f => (f.GetProperty("name").GetString()!, f.GetProperty("text").GetString()!)));
        Assert.Equal("why not", body.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Every_violation_is_one_line_as_compilers_write_it()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.OnProblem("POST /v1/config", 422, Refusal);

        var result = await cli.RunAsync("apply", "-f", cli.Write("a.yaml", "x"));

        Assert.Equal((1, ""), (result.Code, result.Out));
        Assert.Equal(
            """
            a.yaml:12: error IST0106 spec.http[0].route: total destination weight = 0 (VirtualService default/reviews)
            b.yaml: error MSH2001: no document
            a.yaml:3: warning MSH2002 spec.old: is an old name
            meshctl: refused: 2 errors, 1 warning; nothing was changed

            """,
            result.Error);
    }

    [Fact]
    public async Task A_refusal_asked_for_as_json_is_the_problem_document()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.OnProblem("POST /v1/config", 422, Refusal);

        var result = await cli.RunAsync("apply", "-f", cli.Write("a.yaml", "x"), "-o", "json");

        Assert.Equal((1, Refusal + "\n", ""), (result.Code, result.Out, result.Error));
    }

    [Fact]
    public async Task Warnings_go_to_the_error_stream_and_do_not_fail()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/config", """{"revision":3,"changes":[],"warnings":[{"code":"MSH2002","path":"spec.x","message":"old","file":"a.yaml","line":9,"severity":"warning","resource":"DestinationRule/default/r"}]}""");

        var result = await cli.RunAsync("apply", "-f", cli.Write("a.yaml", "x"));

        Assert.Equal((0, "unchanged: revision 3 stands\n"), (result.Code, result.Out));
        Assert.Equal("a.yaml:9: warning MSH2002 spec.x: old (DestinationRule default/r)\n", result.Error);
    }

    [Fact]
    public async Task Dry_run_namespace_and_expected_revision_reach_the_api()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/config?dryRun=true&ns=shop", """{"revision":8,"changes":[{"kind":"Service","namespace":"shop","name":"cart","change":"updated"}]}""");

        var result = await cli.RunAsync("apply", "-f", cli.Write("a.yaml", "x"), "--dry-run", "-n", "shop", "--if-revision", "7");

        Assert.Equal((0, "Service shop/cart updated\ndry run: 1 would change; nothing was changed\n"), (result.Code, result.Out));
        Assert.Equal("\"7\"", Assert.Single(cli.Api.Requests).IfMatch);
    }

    [Fact]
    public async Task A_conflict_tells_both_what_and_why()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.OnProblem("POST /v1/config", 409, """{"title":"Conflict.","detail":"The newest revision is 9.","errors":[]}""");

        var result = await cli.RunAsync("apply", "-f", cli.Write("a.yaml", "x"), "--if-revision", "7");

        Assert.Equal((1, "meshctl: Conflict. The newest revision is 9.\n"), (result.Code, result.Error));
    }

    [Theory]
    [InlineData("nothing-here.yaml", "cannot read")]
    [InlineData("empty", "holds no .yaml, .yml or .json file")]
    public async Task What_cannot_be_read_is_named_before_anything_is_sent(string name, string message)
    {
        await using var cli = await CliRun.StartAsync();
        Directory.CreateDirectory(Path.Combine(cli.Folder, "empty"));

        var result = await cli.RunAsync("apply", "-f", Path.Combine(cli.Folder, name));

        Assert.Equal(1, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Contains(name, result.Error, StringComparison.Ordinal);
        Assert.Empty(cli.Api.Requests);
    }

    [Fact]
    public async Task A_file_that_is_no_text_is_refused()
    {
        await using var cli = await CliRun.StartAsync();
        var path = Path.Combine(cli.Folder, "a.yaml");
        await File.WriteAllBytesAsync(path, [0xff, 0xfe, 0xc0]);

        var result = await cli.RunAsync("apply", "-f", path);

        Assert.Equal((1, $"meshctl: {path} is not UTF-8 text\n"), (result.Code, result.Error));
    }

    [Fact]
    public async Task Diff_marks_what_would_change_and_changes_nothing()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/config?dryRun=true", """{"revision":8,"changes":[{"kind":"Service","namespace":"a","name":"b","change":"created"},{"kind":"Sidecar","namespace":"c","name":"d","change":"updated"}],"warnings":[]}""");

        var result = await cli.RunAsync("diff", "-f", cli.Write("a.yaml", "x"));

        Assert.Equal((0, "+ Service a/b\n~ Sidecar c/d\n"), (result.Code, result.Out));
    }

    [Fact]
    public async Task Validate_asks_the_control_plane_by_a_dry_run()
    {
        await using var cli = await CliRun.StartAsync();
        cli.Api.On("POST /v1/config?dryRun=true", """{"revision":8,"changes":[],"warnings":[]}""");

        var result = await cli.RunAsync("validate", "-f", cli.Write("a.yaml", "x"));

        Assert.Equal((0, "valid\n"), (result.Code, result.Out));
    }
}
