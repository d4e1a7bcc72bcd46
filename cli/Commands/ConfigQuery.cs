using System.Text;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary>Which configuration resources are asked for.</summary>
/// <param name="Kind">Null for every kind.</param>
/// <param name="Name">Null for every name.</param>
/// <param name="Namespace">Null for every namespace; with a name: the default one.</param>
internal sealed record ConfigQuery(KindName? Kind, string? Name, string? Namespace)
{
    private const string ListPath = "/v1/config";
    private const string Yaml = "application/yaml";
    private const int CallsAtOnce = 8;

    public async Task ShowAsync(ApiClient api, CliHost host, OutputFormat format, CancellationToken cancellationToken)
    {
        var isWhole = format is OutputFormat.Json or OutputFormat.Yaml;
        if (isWhole && Kind is not null && Name is not null)
        {
            var path = Kind.PathOf(Kind.NamespaceOf(Namespace, Name), Name);
            Reports.WriteText(host, (await GetAsync(api, path, format, cancellationToken)).Text);
            return;
        }

        var list = await api.GetAsync(ListPath, cancellationToken);
        var rows = list.Read(ApiJson.Default.ConfigRowArray).Where(IsWanted).ToArray();
        if (isWhole) await WriteResourcesAsync(api, host, rows, format, cancellationToken);
        else if (rows.Length > 0) Tables.Write(host, ConfigTable.Of(rows));
        else if (Name is null) await host.Error.WriteLineAsync($"no {Kind?.Plural ?? "configuration"}{(Namespace is null ? "" : $" in namespace {Namespace}")}");
        else throw new CliException($"there is no {Kind!.Kind} {Kind.NamespaceOf(Namespace, Name)}/{Name}; meshctl get {Kind.Plural} lists them");
    }

    private bool IsWanted(ConfigRow row) =>
        (Kind is null || row.Kind == Kind.Kind)
        && (Name is null ? Namespace is null || row.Namespace == Namespace
            : row.Name == Name && row.Namespace == Kind!.NamespaceOf(Namespace, Name));

    private static async Task WriteResourcesAsync(
        ApiClient api, CliHost host, ConfigRow[] rows, OutputFormat format, CancellationToken cancellationToken)
    {
        var texts = new string[rows.Length];
        var options = new ParallelOptions { MaxDegreeOfParallelism = CallsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, rows.Length, options, async (i, token) =>
        {
            var row = rows[i];
            var path = $"{ListPath}/{row.Kind}/{Uri.EscapeDataString(row.Namespace)}/{Uri.EscapeDataString(row.Name)}";
            texts[i] = (await GetAsync(api, path, format, token)).Text.Trim();
        });
        var all = format is OutputFormat.Json
            ? new StringBuilder("[").AppendJoin(',', texts).Append(']')
            : new StringBuilder().AppendJoin("\n---\n", texts);
        if (all.Length > 0) Reports.WriteText(host, all.ToString());
    }

    private static Task<ApiAnswer> GetAsync(ApiClient api, string path, OutputFormat format, CancellationToken cancellationToken) =>
        format is OutputFormat.Yaml ? api.GetAsync(path, cancellationToken, Yaml) : api.GetAsync(path, cancellationToken);
}
