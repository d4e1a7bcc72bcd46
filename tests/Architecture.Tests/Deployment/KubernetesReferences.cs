namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>References to ConfigMaps and Secrets.</summary>
internal static class KubernetesReferences
{
    /// <summary>What is wrong with naming this key; an empty key stands for all of them.</summary>
    public static string? FindFault(KubernetesObjects objects, string kind, string name, string key)
    {
        if (objects.Find(kind, name) is not { } found) return $"there is no {kind} {name}";
        return key.Length == 0 || Data(found).Any(d => d.Key == key) ? null : $"{kind} {name} has no key {key}";
    }

    public static IEnumerable<(string Key, Yaml Value)> Data(KubernetesObject holder) =>
        holder.Yaml["data"].Members.Concat(holder.Yaml["stringData"].Members);
}
