namespace MeshOrleans.Model.Config;

/// <summary>How an accepted resource is stored and sent to the gateways: one JSON object.</summary>
public static class ConfigJson
{
    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">The text is no stored resource.</exception>
    public static ConfigResource Read(string json) => throw new NotSupportedException(json);

    /// <summary>Writes a resource; equal resources are written as equal text.</summary>
    public static string Write(ConfigResource resource) => throw new NotSupportedException(resource.Key.ToString());
}
