using System.Text;
using MeshOrleans.Cli;
using MeshOrleans.Testing;

namespace MeshOrleans.Silo.Tests.Cli;

/// <summary>Runs <c>meshctl</c> within the test, against a fake API, with its own folder and environment.</summary>
internal sealed class CliRun : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("meshctl-");
    private readonly FakeApi _api;

    private CliRun(FakeApi api)
    {
        _api = api;
        Write("admin-token", "secret-admin\n");
        Write("control-plane.json", $$"""{"api":"{{api.Address}}","xds":"127.0.0.1:15012","monitoring":""}""");
    }

    public FakeApi Api => _api;

    public string Folder => _folder.FullName;

    public ManualTimeProvider Clock { get; } = new();

    public Dictionary<string, string> Environment { get; } = [];

    public string Input { get; set; } = "";

    public int? TerminalWidth { get; set; }

    public static async Task<CliRun> StartAsync() => new(await FakeApi.StartAsync());

    /// <summary>Writes a file into the run's folder.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Runs with the folder as data folder.</summary>
    public Task<CliResult> RunAsync(params string[] args) => RunBareAsync([.. args, "--data", Folder]);

    /// <summary>Runs with exactly these arguments.</summary>
    public async Task<CliResult> RunBareAsync(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(Input));
        var host = new CliHost(output, error, input, name => Environment.GetValueOrDefault(name), Clock, TerminalWidth);
        var code = await Meshctl.RunAsync(args, host, CancellationToken.None);
        return new CliResult(code, output.ToString(), error.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

internal sealed record CliResult(int Code, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
