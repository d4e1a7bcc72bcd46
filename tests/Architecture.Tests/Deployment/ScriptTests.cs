using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>The scripts of deploy/ that need no container, run as they are.</summary>
public sealed class ScriptTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(200, 0)]
    [InlineData(503, 1)]
    public async Task The_health_check_says_what_the_process_answers(int status, int exitCode)
    {
        await using var server = await StartAsync(status);
        var authority = new Uri(server.Urls.First()).Authority;

        Assert.Equal(exitCode, await RunAsync("deploy/docker/mesh-ready", $"{authority}/healthz/ready"));
    }

    [Fact]
    public async Task The_health_check_fails_while_nothing_listens()
    {
        await using var server = await StartAsync(200);
        var authority = new Uri(server.Urls.First()).Authority;
        await server.StopAsync();

        Assert.NotEqual(0, await RunAsync("deploy/docker/mesh-ready", $"{authority}/healthz/ready"));
    }

    [Fact]
    public async Task Secrets_are_made_once_for_their_owner_alone()
    {
        var directory = Directory.CreateTempSubdirectory("mesh-secrets-");
        try
        {
            Assert.Equal(0, await RunAsync("deploy/compose/secrets.sh", directory.FullName));
            var made = directory.GetFiles().OrderBy(f => f.Name, StringComparer.Ordinal).ToArray();
            var texts = made.Select(f => File.ReadAllText(f.FullName)).ToArray();
            Assert.Equal(0, await RunAsync("deploy/compose/secrets.sh", directory.FullName));

            Assert.Equal(["admin-token", "cluster-secret"], made.Select(f => f.Name));
            Assert.All(texts, t => Assert.Equal(32, System.Buffers.Text.Base64Url.DecodeFromChars(t).Length));
            Assert.NotEqual(texts[0], texts[1]);
            Assert.All(made, f => Assert.Equal(OwnerOnly, File.GetUnixFileMode(f.FullName)));
            Assert.Equal(texts, made.Select(f => File.ReadAllText(f.FullName)));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<WebApplication> StartAsync(int status)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/healthz/ready", () => Results.StatusCode(status));
        await app.StartAsync();
        return app;
    }

    private static async Task<int> RunAsync(string script, string argument)
    {
        using var process = Process.Start("bash", [Path.Combine(Repository.Root, script), argument]);
        using var bound = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"{script} still runs after {Patience.TotalSeconds:F0} s.");
        }

        return process.ExitCode;
    }
}
