using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Route;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>The header changes of one level. Envoy removes first and then sets and adds in the order written.</summary>
internal sealed class HeaderChangeList
{
    private readonly List<HeaderValueOption> requestAdds = [];
    private readonly List<string> requestRemoves = [];
    private readonly List<HeaderValueOption> responseAdds = [];
    private readonly List<string> responseRemoves = [];

    public HeaderChangeList(HeaderOperations operations) => Append(operations);

    /// <summary>
    /// The authority that the changes ask for; null when they do not. <c>set</c> counts before <c>add</c>.
    /// </summary>
    public string? Host { get; private set; }

    public void Append(HeaderOperations operations)
    {
        requestRemoves.AddRange(operations.Request.Remove);
        responseRemoves.AddRange(operations.Response.Remove);
        Host ??= HostOf(operations.Request.Set) ?? HostOf(operations.Request.Add);
        Add(requestAdds, operations.Request);
        Add(responseAdds, operations.Response);
    }

    public void ApplyTo(Route route)
    {
        route.RequestHeadersToAdd.AddRange(requestAdds);
        route.RequestHeadersToRemove.AddRange(requestRemoves);
        route.ResponseHeadersToAdd.AddRange(responseAdds);
        route.ResponseHeadersToRemove.AddRange(responseRemoves);
    }

    public void ApplyTo(WeightedCluster.Types.ClusterWeight cluster)
    {
        cluster.RequestHeadersToAdd.AddRange(requestAdds);
        cluster.RequestHeadersToRemove.AddRange(requestRemoves);
        cluster.ResponseHeadersToAdd.AddRange(responseAdds);
        cluster.ResponseHeadersToRemove.AddRange(responseRemoves);
    }

    private static void Add(List<HeaderValueOption> options, HeaderChanges changes)
    {
        foreach (var (name, value) in changes.Set)
        {
            Add(options, name, value, HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd);
        }

        foreach (var (name, value) in changes.Add)
        {
            Add(options, name, value, HeaderValueOption.Types.HeaderAppendAction.AppendIfExistsOrAdd);
        }
    }

    /// <summary>The host is changed by a rewrite, and other pseudo headers not at all.</summary>
    private static void Add(
        List<HeaderValueOption> options, string name, string value, HeaderValueOption.Types.HeaderAppendAction action)
    {
        if (name.StartsWith(':') || IsHost(name)) return;
        options.Add(new HeaderValueOption
        {
            Header = new HeaderValue { Key = name, Value = value },
            AppendAction = action,
        });
    }

    private static string? HostOf(ImmutableSortedDictionary<string, string> changes)
    {
        foreach (var (name, value) in changes)
        {
            if (IsHost(name)) return value;
        }

        return null;
    }

    private static bool IsHost(string name) =>
        name.Equals("host", StringComparison.OrdinalIgnoreCase) || name == ":authority";
}
