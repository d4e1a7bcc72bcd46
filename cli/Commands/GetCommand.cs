using System.CommandLine;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl get</c>: configuration resources, and whatever else the API lists.</summary>
internal static class GetCommand
{
    public static Command Create(CommandScope scope)
    {
        var words = new Argument<string[]>("KIND[/NAME]")
        {
            Description = "A kind of configuration, plural or short name (vs, dr, gw, se, we, wg, pa, ra, ap, svc), "
                + $"'all' for every kind, or one of {string.Join(", ", Listing.All.Select(l => l.Name))}",
            Arity = new ArgumentArity(1, 2),
        };
        var ns = CommonOptions.Namespace("Only this namespace (every one; with a name: default)");
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "get",
            "List things, or show one. The yaml of configuration is the resources themselves: what apply takes.",
            "get all",
            "get vs -n shop",
            "get virtualservice/reviews -o yaml",
            "get services -o wide",
            "get revisions/12",
            "get all -o yaml > backup.yaml")
        {
            words, ns, format,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = Target.Parse(parsed.GetRequiredValue(words));
            var space = parsed.GetValue(ns);
            var shape = parsed.GetValue(format);
            // 'services' lists what can be called; 'service', 'svc' and anything with a name is the kind Service.
            var isResource = target.Name is not null && KindName.Find(target.Word) is not null;
            var listing = isResource ? null : Listing.Find(target.Word);
            var config = listing is null ? new ConfigQuery(KindOf(target), target.Name, space) : null;
            using var api = scope.Connect(parsed);
            if (config is not null) await config.ShowAsync(api, scope.Host, shape, cancellationToken);
            else if (target.Name is null) await listing!.ShowAsync(api, scope.Host, shape, space, cancellationToken);
            else await ShowItemAsync(api, scope.Host, listing!, target.Name, space, shape, cancellationToken);
            return ExitCode.Fine;
        });
        return command;
    }

    // 'all' is every kind; a name needs one.
    private static KindName? KindOf(Target target) =>
        !target.Word.Equals("all", StringComparison.OrdinalIgnoreCase) ? KindName.Parse(target.Word)
        : target.Name is null ? null
        : throw CliException.Usage($"'all/{target.Name}': a name needs a kind");

    private static async Task ShowItemAsync(
        ApiClient api,
        CliHost host,
        Listing listing,
        string name,
        string? ns,
        OutputFormat format,
        CancellationToken cancellationToken)
    {
        if (listing == Listing.Proxies)
        {
            await ProxyStatusCommand.ShowOneAsync(api, host, name, format, cancellationToken);
        }
        else if (listing == Listing.Revisions)
        {
            await HistoryCommand.ShowOneAsync(api, host, name, format, cancellationToken);
        }
        else if (listing == Listing.Workloads)
        {
            var space = Uri.EscapeDataString(ns ?? CommonOptions.DefaultNamespace);
            var path = $"{listing.Path}/{space}/{Uri.EscapeDataString(name)}";
            var answer = await api.GetAsync(path, cancellationToken);
            Reports.TryWriteRaw(host, format is OutputFormat.Json ? format : OutputFormat.Yaml, answer);
        }
        else
        {
            throw CliException.Usage($"{listing.Name} are only listed as a whole: meshctl get {listing.Name}");
        }
    }
}
