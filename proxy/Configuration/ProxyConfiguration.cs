using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Discovery;

namespace MeshOrleans.Proxy.Configuration;

/// <summary>What a sidecar makes of the resources that a control plane sends, for whoever is no sidecar itself.</summary>
public static class ProxyConfiguration
{
    /// <summary>Reads a whole configuration just as a sidecar does.</summary>
    /// <param name="groups">The resources by type, in the order in which they are sent: CDS, EDS, LDS, RDS.</param>
    /// <param name="model">What it would do. Names that DNS has to answer stand for their own addresses.</param>
    /// <param name="refusal">The text of its NACK.</param>
    /// <returns>False when a sidecar would refuse the configuration.</returns>
    public static bool TryRead(
        IEnumerable<(string TypeUrl, IEnumerable<(string Name, Any Body)> Resources)> groups,
        [NotNullWhen(true)] out ProxyModel? model,
        [NotNullWhen(false)] out string? refusal)
    {
        (model, refusal) = (null, null);
        var set = ResourceSet.Empty;
        foreach (var (typeUrl, resources) in groups)
        {
            var response = new DeltaDiscoveryResponse { TypeUrl = typeUrl };
            response.Resources.AddRange(resources.Select(r => new Resource { Name = r.Name, Resource_ = r.Body }));
            var outcome = ResourceReader.Apply(set, response);
            if (outcome is ReadOutcome.Refused refused)
            {
                refusal = refused.Reason;
                return false;
            }

            set = ((ReadOutcome.Read)outcome).Resources;
        }

        try
        {
            var named = set.DnsNames.ToImmutableSortedDictionary(
                name => name, name => ImmutableArray.Create(name), StringComparer.Ordinal);
            model = ModelComposer.Compose(set with { Addresses = named }, ProxyModel.Empty, ResourceSet.Empty).Model;
            return true;
        }
        catch (UnusableResourceException exception)
        {
            refusal = exception.Message;
            return false;
        }
    }
}
