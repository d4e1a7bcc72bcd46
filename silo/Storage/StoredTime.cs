using System.Globalization;

namespace MeshOrleans.Silo.Storage;

/// <summary>A point in time as text that a person can read in the database and that loses nothing.</summary>
internal static class StoredTime
{
    public static string Write(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);

    public static DateTimeOffset Read(string text) =>
        DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}
