namespace MeshOrleans.Benchmarks.Subjects;

/// <summary>Addresses of members that nobody dials.</summary>
internal static class Addresses
{
    public static string Of(int slot) => $"10.{slot >> 16 & 255}.{slot >> 8 & 255}.{slot & 255}";
}
