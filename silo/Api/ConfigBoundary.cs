using System.Collections.Immutable;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Config;
using MeshOrleans.Model.Config;
using MeshOrleans.Silo.Access;
using MeshOrleans.Xds.Gateway.Snapshots;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Api;

/// <summary>
/// What of the configuration is a caller's to change. It is not the namespace of a resource alone: hosts lead to services of
/// others, and what stands in the root namespace holds for everybody.
/// </summary>
internal static class ConfigBoundary
{
    /// <summary>Why a change set is refused; null where all of it is the caller's. Nothing of it is taken if a part is not.</summary>
    public static async Task<IResult?> RefusalOfAsync(
        HttpContext context, IGrainFactory grains, ImmutableArray<ConfigResource> resources)
    {
        var (caller, rights) = (context.Caller(), context.Rights());
        if (rights.HasForMesh(Role.Operator)) return null;
        foreach (var resource in resources)
        {
            if (IsOfMesh(resource.Key.Kind)) return caller.LacksForMesh(Role.Operator);
            if (!rights.Has(Role.Operator, resource.Key.Namespace)) return caller.Lacks(Role.Operator, resource.Key.Namespace);
        }

        var known = await DocumentsAsync(context, grains);
        var roots = RootsOf(context, known);
        foreach (var resource in resources)
        {
            if (roots.Contains(resource.Key.Namespace)) return LacksForRoot(caller, resource.Key.Namespace);
        }

        var owners = OwnersOf(context, known.Concat(resources));
        foreach (var resource in resources)
        {
            foreach (var claim in HostClaim.Of(resource))
            {
                if (RefusalOf(caller, resource.Key, claim, owners) is { } refusal) return refusal;
            }
        }

        return null;
    }

    /// <summary>Why a resource is not deleted; null where it is the caller's. What it does not see is not there.</summary>
    public static async Task<IResult?> RefusalOfAsync(HttpContext context, IGrainFactory grains, ConfigKey key)
    {
        var (caller, rights) = (context.Caller(), context.Rights());
        if (rights.HasForMesh(Role.Operator)) return null;
        if (!rights.Sees(key.Namespace)) return Problems.NotFound($"There is no {key}.");
        if (!rights.Has(Role.Operator, key.Namespace)) return caller.Lacks(Role.Operator, key.Namespace);
        if (IsOfMesh(key.Kind)) return caller.LacksForMesh(Role.Operator);
        return RootsOf(context, await DocumentsAsync(context, grains)).Contains(key.Namespace)
            ? LacksForRoot(caller, key.Namespace)
            : null;
    }

    private static IResult? RefusalOf(Caller caller, ConfigKey key, HostClaim claim, HostOwners owners)
    {
        foreach (var ns in owners.Of(claim))
        {
            if (ns == HostOwners.Everybody)
            {
                return Problems.Forbidden(
                    $"{key}: host '{claim.Written}' covers services of all namespaces, which needs the role operator for the whole "
                    + $"mesh; {caller.What()}.");
            }

            if (ns == key.Namespace || caller.Rights.Has(Role.Operator, ns)) continue;
            return Problems.Forbidden(
                $"{key}: host '{claim.Written}' is of services of namespace '{ns}', which needs the role operator in "
                + $"namespace '{ns}' as well, or exportTo [\".\"] in a VirtualService or DestinationRule; {caller.What()}.");
        }

        return null;
    }

    private static IResult LacksForRoot(Caller caller, string ns) => Problems.Forbidden(
        $"What stands in the root namespace '{ns}' holds for all namespaces, which needs the role operator for the whole mesh; "
        + $"{caller.What()}.");

    // Settings of the mesh say what the control plane may call, and hold for everybody; the rest is of no namespace.
    private static bool IsOfMesh(string kind) =>
        kind == nameof(MeshConfig) || (ConfigKind.All.TryGetValue(kind, out var known) && known.IsClusterScoped);

    // that of the control plane itself, and the one whose policies are for the mesh
    private static HashSet<string> RootsOf(HttpContext context, List<ConfigResource> known)
    {
        var options = context.RequestServices.GetRequiredService<IOptions<MeshOptions>>().Value;
        HashSet<string> roots = [options.RootNamespace, MeshConfig.Key.Namespace];
        foreach (var mesh in known.Select(resource => resource.Spec).OfType<MeshConfig>())
        {
            if (mesh.RootNamespace is { Length: > 0 } named) roots.Add(named);
        }

        return roots;
    }

    private static HostOwners OwnersOf(HttpContext context, IEnumerable<ConfigResource> resources)
    {
        var owners = new HostOwners();
        foreach (var resource in resources) owners.Add(resource);
        var snapshot = context.RequestServices.GetRequiredService<SnapshotHolder>().Current;
        foreach (var workload in snapshot.Workloads.Values) owners.AddMember(workload.Address, workload.Namespace);
        foreach (var import in snapshot.Imports.Values) owners.AddImport(import.Name, import.Namespace);
        return owners;
    }

    private static async Task<List<ConfigResource>> DocumentsAsync(HttpContext context, IGrainFactory grains)
    {
        var config = grains.GetGrain<IMeshConfigGrain>(MeshKeys.Default);
        var documents = await config.GetDocumentsAsync(context.RequestAborted);
        return [.. documents.Select(document => ConfigJson.Read(document.Json))];
    }
}
