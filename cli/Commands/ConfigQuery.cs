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
    private const string Yaml = "application/yaml";

    /// <summary>Asks and shows: JSON and YAML as the API answers, tables from its listing.</summary>
    public async Task ShowAsync(ApiClient api, CliHost host, OutputFormat format, CancellationToken cancellationToken)
    {
        switch (format)
        {
            case OutputFormat.Json:
                Reports.WriteText(host, (await api.GetAsync(Path(), cancellationToken)).Text);
                break;
            case OutputFormat.Yaml:
                Reports.WriteText(host, (await api.GetAsync(Path(), cancellationToken, Yaml)).Text);
                break;
            default:
                await ShowTableAsync(api, host, format is OutputFormat.Wide, cancellationToken);
                break;
        }
    }

    private async Task ShowTableAsync(ApiClient api, CliHost host, bool isWide, CancellationToken cancellationToken)
    {
        var answer = await api.GetAsync(ListPath(), cancellationToken);
        var rows = answer.Read(ApiJson.Default.ConfigRowArray).Where(r => Name is null || r.Name == Name).ToArray();
        if (rows.Length > 0)
        {
            Tables.Write(host, ConfigTable.Of(rows), isWide);
            return;
        }

        if (Name is not null)
        {
            var key = $"{Kind!.NamespaceOf(Namespace, Name)}/{Name}";
            throw new CliException($"there is no {Kind.Kind} {key}; meshctl get {Kind.Plural} lists them");
        }

        var place = Namespace is null ? "" : $" in namespace {Namespace}";
        await host.Error.WriteLineAsync($"no {Kind?.Plural ?? "configuration"}{place}");
    }

    private string Path() => Name is null ? ListPath() : Kind!.PathOf(Kind.NamespaceOf(Namespace, Name), Name);

    private string ListPath()
    {
        var ns = Name is null ? Namespace : Kind!.NamespaceOf(Namespace, Name);
        return Query.Append("/v1/config", ("kind", Kind?.Kind), ("ns", ns));
    }
}
