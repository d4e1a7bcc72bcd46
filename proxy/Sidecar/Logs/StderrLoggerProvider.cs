using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Logs;

/// <summary>
/// One line per event on standard error, plain or JSON. The frameworks below are heard from Warning
/// on.
/// </summary>
internal sealed class StderrLoggerProvider(
    LogThreshold threshold, bool isJson, TimeProvider clock, TextWriter output) : ILoggerProvider, IAsyncDisposable
{
    private readonly LogQueue _queue = new(output);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>Without waiting for what is still to be written.</summary>
    public void Dispose() => _queue.Complete();

    /// <summary>Waits until everything has been written, as far as somebody reads.</summary>
    public ValueTask DisposeAsync() => _queue.DisposeAsync();

    private bool IsEnabled(LogLevel level, bool isOwn) =>
        level >= threshold.Level && (isOwn || level >= LogLevel.Warning) && level is not LogLevel.None;

    private void Write(LogLevel level, string category, string text, Exception? exception)
    {
        var line = isJson ? Json(level, category, text, exception) : Plain(level, category, text, exception);
        if (_queue.TryAdd(line, out var dropped) && dropped > 0)
        {
            Write(LogLevel.Warning, nameof(LogQueue), $"{dropped} lines were dropped: nobody read them in time", null);
        }
    }

    private string Plain(LogLevel level, string category, string text, Exception? exception)
    {
        var line = $"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {Name(level)} {ShortName(category)}: {text}";
        if (exception is not null) line += $" [{exception.GetType().Name}: {exception.Message}]";
        return line.ReplaceLineEndings(" ");
    }

    private string Json(LogLevel level, string category, string text, Exception? exception)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", clock.GetUtcNow());
            json.WriteString("level", Name(level));
            json.WriteString("source", ShortName(category));
            json.WriteString("message", text);
            if (exception is not null) json.WriteString("exception", exception.ToString());
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    private static string ShortName(string category) => category[(category.LastIndexOf('.') + 1)..];

    private sealed class Logger(StderrLoggerProvider provider, string category) : ILogger
    {
        private readonly bool _isOwn = category.StartsWith("MeshOrleans.", StringComparison.Ordinal);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => provider.IsEnabled(logLevel, _isOwn);

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) provider.Write(logLevel, category, formatter(state, exception), exception);
        }
    }
}
