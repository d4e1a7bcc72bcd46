using System.Collections.Immutable;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Proxy.Configuration;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using MeshOrleans.Xds.Protocol.Patches;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>Makes whole what the control plane has sent as patches of what is held.</summary>
internal static class PatchedResponse
{
    /// <summary>Puts the resources in the place of their patches.</summary>
    /// <param name="response">Is changed.</param>
    /// <param name="held">What is held.</param>
    /// <returns>The names whose patch fits nothing that is held: they must be asked for again.</returns>
    public static ImmutableArray<string> Complete(DeltaDiscoveryResponse response, ResourceSet held)
    {
        var misfits = ImmutableArray.CreateBuilder<string>();
        var budget = AdsLoop.MaxMessageSize; // for all of it together
        for (var i = response.Resources.Count - 1; i >= 0; i--)
        {
            var resource = response.Resources[i];
            if (resource.Resource_?.TypeUrl != ResourcePatches.TypeUrl) continue;
            if (Whole(response.TypeUrl, resource, held, ref budget) is { } any) resource.Resource_ = any;
            else if (IsGivenUp(response.TypeUrl, resource.Name, held)) response.Resources.RemoveAt(i);
            else misfits.Add(resource.Name);
        }

        return misfits.ToImmutable();
    }

    // It was on its way when nothing referred to it any more.
    private static bool IsGivenUp(string typeUrl, string name, ResourceSet held) => typeUrl switch
    {
        TypeUrls.ClusterLoadAssignment => !held.AssignmentNames.Contains(name),
        TypeUrls.RouteConfiguration => !held.RouteNames.Contains(name),
        _ => false,
    };

    private static Any? Whole(string typeUrl, Resource resource, ResourceSet held, ref int budget)
    {
        if (held.Find(typeUrl, resource.Name) is not var (version, body)) return null;
        try
        {
            var patch = ResourcePatch.Parser.ParseFrom(resource.Resource_.Value);
            if (patch.BaseVersion != version || PatchReader.Apply(body.ToByteArray(), patch, budget) is not { } bytes) return null;
            budget -= bytes.Length;
            return ContentVersion.Of(bytes) == resource.Version ? Any.Parser.ParseFrom(bytes) : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
