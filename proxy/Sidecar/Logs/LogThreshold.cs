using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Logs;

/// <summary>From which level on lines are written; the admin interface changes it.</summary>
internal sealed class LogThreshold(LogLevel level)
{
    private volatile int _level = (int)level;

    public LogLevel Level
    {
        get => (LogLevel)_level;
        set => _level = (int)value;
    }
}
