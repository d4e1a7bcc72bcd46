using System.Collections.Immutable;
using Google.Protobuf;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Configuration.Readers;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration;

/// <summary>What became of a response. A closed set.</summary>
internal abstract record ReadOutcome
{
    private ReadOutcome()
    {
    }

    public sealed record Read(ResourceSet Resources) : ReadOutcome;

    public sealed record Refused(string Reason) : ReadOutcome;
}

/// <summary>Applies a response to a set: all of it, or nothing with every reason.</summary>
internal static class ResourceReader
{
    private const int MaxReasons = 10;

    public static ReadOutcome Apply(ResourceSet set, DeltaDiscoveryResponse response)
    {
        var reasons = new List<string>();
        var next = response.TypeUrl switch
        {
            TypeUrls.Cluster => set with
            {
                Clusters = Remove(
                    Put(
                        set.Clusters, response, reasons, (Proto.Cluster.Cluster c) =>
                            c.Name, ClusterReader.Read), response),
            },
            TypeUrls.Listener => set with
            {
                Listeners = Remove(
                    Put(
                        set.Listeners, response, reasons, (Proto.Listener.Listener l) =>
                            l.Name, ListenerReader.Read), response),
            },
            // What is still referred to outlives its removal, as in Envoy; the orphans below go.
            TypeUrls.ClusterLoadAssignment => set with
            {
                Assignments = Put(
                    set.Assignments, response, reasons, (Proto.Endpoint.ClusterLoadAssignment a) =>
                        a.ClusterName, EndpointReader.Read),
            },
            TypeUrls.RouteConfiguration => set with
            {
                Routes = Put(
                    set.Routes, response, reasons, (Proto.Route.RouteConfiguration r) => r.Name, RouteReader.Read),
            },
            _ => null,
        };
        if (next is null) return new ReadOutcome.Refused($"type {response.TypeUrl} was not asked for");
        return reasons.Count == 0
            ? new ReadOutcome.Read(next.WithoutOrphans())
            : new ReadOutcome.Refused(
                string.Join(
                    "; ", reasons.Take(MaxReasons)) + (reasons.Count > MaxReasons
                        ? $"; and {reasons.Count - MaxReasons} more"
                        : ""));
    }

    private static ImmutableSortedDictionary<string, XdsResource<T>> Put<TMessage, T>(
        ImmutableSortedDictionary<string, XdsResource<T>> current,
        DeltaDiscoveryResponse response,
        List<string> reasons,
        Func<TMessage, string> nameOf,
        Func<TMessage, FieldPath, T> read)
        where TMessage : IMessage, new()
    {
        var next = current.ToBuilder();
        foreach (var resource in response.Resources)
        {
            try
            {
                if (resource.Resource_ is not { } body) throw new UnusableResourceException(FieldPath.Root, "is empty");
                var message = CoreReader.Unpack<TMessage>(body, FieldPath.Root);
                var name = nameOf(message);
                if (name.Length == 0 || (resource.Name.Length > 0 && resource.Name != name))
                {
                    throw new UnusableResourceException(
                        FieldPath.Root.At("name"), $"'{name}' is not the resource's name");
                }

                next[name] = new XdsResource<T>(name, resource.Version, body, read(message, FieldPath.Root));
            }
            catch (UnusableResourceException exception)
            {
                reasons.Add($"{ShortName(response.TypeUrl)} '{resource.Name}': {exception.Message}");
            }
        }

        return next.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, XdsResource<T>> Remove<T>(
        ImmutableSortedDictionary<string, XdsResource<T>> current, DeltaDiscoveryResponse response) =>
        current.RemoveRange(response.RemovedResources);

    private static string ShortName(string typeUrl) => typeUrl[(typeUrl.LastIndexOf('.') + 1)..];
}
