using MeshOrleans.Model.Evaluation;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.HeaderMetadata;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>Has a stock Envoy read the mark of a lane, by which it then chooses endpoints.</summary>
/// <remarks>
/// One rule for each lane, as each has a key of its own; a rule that finds nothing says nothing. Our own sidecars read the
/// mark by themselves, and our own gateways, who are told what Envoys are told, pass the filter over.
/// </remarks>
internal static class LaneFilter
{
    /// <summary>The filter; null where nobody needs it.</summary>
    public static HttpFilter? Of(ProxyView view)
    {
        if (view.Mesh.Lanes.IsEmpty || view.Scope.Mode is not (ProxyMode.Envoy or ProxyMode.Gateway)) return null;
        var names = view.Services
            .SelectMany(service => view.Mesh.Lanes.Of(service))
            .Select(lane => lane.Name)
            .ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0) return null;
        var config = new Config();
        config.RequestRules.AddRange(names.Order(StringComparer.Ordinal).Select(RuleOf));
        return HttpConnection.Filter(FilterNames.HeaderToMetadata, config, isOptional: true);
    }

    private static Config.Types.Rule RuleOf(string lane) => new()
    {
        Header = Baggage.Header,
        OnHeaderPresent = new()
        {
            MetadataNamespace = MeshMetadata.Balancing,
            Key = MeshMetadata.LanePrefix + lane,
            RegexValueRewrite = new() { Pattern = new() { Regex = PatternOf(lane) }, Substitution = @"\1" },
        },
    };

    // The other alternative takes whatever else the header is, and leaves nothing of it.
    private static string PatternOf(string lane)
    {
        var key = LaneSet.Key.Replace(".", @"\.", StringComparison.Ordinal);
        return $@"^(?:.*?,)?[ \t]*{key}[ \t]*=[ \t]*({lane})[ \t]*(?:[,;].*)?$|^.*$";
    }
}
