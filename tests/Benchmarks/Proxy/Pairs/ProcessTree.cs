using System.Globalization;

namespace MeshOrleans.Benchmarks.Proxy.Pairs;

/// <summary>Finds the workers of a server that has a process for each.</summary>
internal static class ProcessTree
{
    /// <summary>A process and its children.</summary>
    public static IEnumerable<int> Of(int id)
    {
        var children = $"/proc/{id}/task/{id}/children";
        return File.Exists(children)
            ? File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture)).Prepend(id)
            : [id];
    }
}
