using System.Text;
using System.Text.Json;
using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary>Something the API lists that is no configuration: how to ask for it and how to show it.</summary>
internal sealed record Listing(
    string Name, string Path, bool HasNamespace, Func<ApiAnswer, CliHost, bool, TextTable> ToTable)
{
    public static Listing Services { get; } = new("services", "/v1/services", HasNamespace: true,
        (answer, _, wide) => ServiceTable.Of(answer.Read(ApiJson.Default.ServiceRowArray), wide));

    public static Listing Workloads { get; } = new("workloads", "/v1/workloads", HasNamespace: true,
        (answer, _, wide) => WorkloadTable.Of(answer.Read(ApiJson.Default.WorkloadRowArray), wide));

    public static Listing Proxies { get; } = new("proxies", "/v1/proxies", HasNamespace: true,
        (answer, host, wide) => ProxyTable.Of(answer.Read(ApiJson.Default.ProxyRowArray), host.Clock, wide));

    public static Listing Identities { get; } = new("identities", "/v1/identities", HasNamespace: false,
        (answer, host, wide) => IdentityTable.Of(answer.Read(ApiJson.Default.IdentityRowArray), host.Clock, wide));

    public static Listing Peers { get; } = new("peers", "/v1/peers", HasNamespace: false,
        (answer, _, wide) => PeerTable.Of(answer.Read(ApiJson.Default.PeerRowArray), wide));

    public static Listing Revoked { get; } = new("revoked certificates", "/v1/ca/revocations", HasNamespace: false,
        (answer, _, _) => RevocationTable.Of(answer.Read(ApiJson.Default.RevocationRowArray)));

    public static Listing Revisions { get; } = new("revisions", "/v1/revisions", HasNamespace: false,
        (answer, _, wide) => RevisionTable.Of(answer.Read(ApiJson.Default.RevisionRowArray), wide));

    public static IReadOnlyList<Listing> All { get; } = [Services, Workloads, Proxies, Identities, Peers, Revisions];

    /// <summary>The listing that a word means; null when it means none.</summary>
    public static Listing? Find(string word) =>
        All.FirstOrDefault(l => l.Name.Equals(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>Asks for the listing and shows it.</summary>
    /// <returns>The answer, for what the command may add.</returns>
    public async Task<ApiAnswer> ShowAsync(
        ApiClient api,
        CliHost host,
        OutputFormat format,
        string? ns,
        CancellationToken cancellationToken,
        string query = "")
    {
        if (ns is not null && !HasNamespace)
        {
            throw CliException.Usage($"-n does not apply to {Name}: they have no namespace");
        }

        var answer = await api.GetAsync(Path + query, cancellationToken);
        if (ns is not null) answer = new ApiAnswer(OfNamespace(answer, ns));
        if (!Reports.TryWriteRaw(host, format, answer))
        {
            var table = ToTable(answer, host, format is OutputFormat.Wide);
            if (table.Rows.Count > 0) Tables.Write(host, table, format is OutputFormat.Wide);
            else await host.Error.WriteLineAsync($"no {Name}{(ns is null ? "" : $" in namespace {ns}")}");
        }

        return answer;
    }

    // Keeps every element's text as the API wrote it.
    private static string OfNamespace(ApiAnswer answer, string ns)
    {
        var kept = new StringBuilder("[");
        foreach (var element in answer.Read(ApiJson.Default.JsonElementArray))
        {
            var isWanted = element.ValueKind is JsonValueKind.Object
                && element.TryGetProperty("namespace", out var value)
                && value.ValueKind is JsonValueKind.String && value.ValueEquals(ns);
            if (isWanted) kept.Append(kept.Length > 1 ? "," : "").Append(element.GetRawText());
        }

        return kept.Append(']').ToString();
    }
}
