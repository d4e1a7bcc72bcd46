using System.CommandLine;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary><c>meshctl proxy-status</c>: does every proxy hold what it should?</summary>
internal static class ProxyStatusCommand
{
    public static Command Create(CommandScope scope)
    {
        var name = new Argument<string?>("PROXY")
        {
            Description = "One proxy, as NAME.NAMESPACE or by its node id",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var identity = new Option<string?>("--identity")
        {
            Description = "The SPIFFE ID of the one PROXY, where several call themselves so; empty for one without",
            HelpName = "SPIFFE_ID",
        };
        var ns = CommonOptions.Namespace("Only proxies of this namespace");
        var format = CommonOptions.Format();
        var command = new CliCommand(
            "proxy-status",
            "Show whether every proxy holds what it was sent (SYNCED), has not answered (PENDING) or refused (NACKED).",
            "proxy-status",
            "ps -n shop -o wide",
            "proxy-status reviews-v1.default")
        {
            name, identity, ns, format,
        };
        command.Aliases.Add("ps");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = scope.Connect(parsed);
            var shape = parsed.GetValue(format);
            if (parsed.GetValue(name) is { } one)
            {
                await ShowOneAsync(api, scope.Host, one, shape, cancellationToken, parsed.GetValue(identity));
                return ExitCode.Fine;
            }

            var answer = await Listing.Proxies.ShowAsync(
                api, scope.Host, shape, parsed.GetValue(ns), cancellationToken);
            if (shape is OutputFormat.Json or OutputFormat.Yaml) return ExitCode.Fine;
            WriteRefusals(scope.Host, answer.Read(ApiJson.Default.ProxyRowArray));
            return ExitCode.Fine;
        });
        return command;
    }

    /// <summary>Shows one proxy, type by type.</summary>
    public static async Task ShowOneAsync(
        ApiClient api,
        CliHost host,
        string name,
        OutputFormat format,
        CancellationToken cancellationToken,
        string? identity = null)
    {
        var id = name.Contains('~', StringComparison.Ordinal) ? name : await IdOfAsync(api, name, identity, cancellationToken);
        var query = identity is null ? "" : $"?spiffeId={Uri.EscapeDataString(identity)}";
        var answer = await api.GetAsync($"{Listing.Proxies.Path}/{Uri.EscapeDataString(id)}{query}", cancellationToken);
        if (Reports.TryWriteRaw(host, format, answer)) return;
        var proxy = answer.Read(ApiJson.Default.ProxyRow);
        var kind = ProxyTable.KindOf(proxy.Id);
        string[] lines =
        [
            $"{proxy.Id}   {proxy.Status} for {Ages.Since(proxy.Since, host.Clock)}",
            $"{kind}   identity {proxy.SpiffeId}   xDS gateway {proxy.Gateway}   {proxy.UserAgent}".TrimEnd(),
        ];
        foreach (var line in lines) await host.Out.WriteLineAsync(Printable.Of(line));
        if (proxy.UsedHosts is { } used)
        {
            var hosts = used.Count == 0 ? "none yet" : string.Join(", ", used);
            await host.Out.WriteLineAsync(Printable.Of($"told of the hosts that it calls: {hosts}"));
        }

        Tables.Write(host, ProxyTable.Of(proxy, host.Clock));
        WriteRefusals(host, [proxy]);
    }

    private static async Task<string> IdOfAsync(
        ApiClient api, string name, string? identity, CancellationToken cancellationToken)
    {
        var proxies = (await api.GetAsync(Listing.Proxies.Path, cancellationToken)).Read(ApiJson.Default.ProxyRowArray);
        var found = proxies.Where(p => p.Id == name || Shorten.NodeId(p.Id) == name)
            .Where(p => identity is null || p.SpiffeId == identity)
            .Select(p => p.Id).Distinct().ToArray();
        return found switch
        {
            [var id] => id,
            [] => throw new CliException(
                $"no proxy '{name}' ever connected; meshctl proxy-status lists those that did"),
            _ => throw new CliException($"'{name}' is more than one proxy: {string.Join(", ", found)}"),
        };
    }

    private static void WriteRefusals(CliHost host, IReadOnlyCollection<ProxyRow> proxies)
    {
        foreach (var line in ProxyTable.Refusals(proxies)) host.Error.WriteLine(line);
    }
}
