using System.Globalization;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>The time as HTTP writes it, made once a second.</summary>
internal sealed class DateText(TimeProvider clock)
{
    private Text _latest = new(long.MinValue, "");

    public string Now
    {
        get
        {
            var now = clock.GetUtcNow();
            var second = now.ToUnixTimeSeconds();
            var latest = Volatile.Read(ref _latest);
            if (latest.Second == second) return latest.Value;
            latest = new Text(second, now.ToString("R", CultureInfo.InvariantCulture));
            Volatile.Write(ref _latest, latest);
            return latest.Value;
        }
    }

    private sealed record Text(long Second, string Value);
}
