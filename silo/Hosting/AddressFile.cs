namespace MeshOrleans.Silo.Hosting;

/// <summary>
/// The file <c>control-plane.json</c>: where this process answers, for <c>meshctl</c> and scripts. It is a service, not a
/// condition: a disk that is full must not keep a process from serving what it can read.
/// </summary>
internal static class AddressFile
{
    private const string FileName = "control-plane.json";

    /// <summary>Writes it, unless it says the same already.</summary>
    /// <returns>Null; or one line that says why it could not be written.</returns>
    public static string? Write(string directory, string json)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            if (!File.Exists(path) || File.ReadAllText(path) != json) PrivateFile.Write(path, json);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Remove(path); // better no address than that of an earlier start
            return $"{path} cannot be written ({exception.Message}), so meshctl and scripts do not find this process by it; "
                + "all else goes on";
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // a directory that takes nothing may give nothing either
        }
    }
}
