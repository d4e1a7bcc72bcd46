using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Testing;

/// <summary>Keeps every line that is logged, with what its exception says.</summary>
public sealed class LineLog : ILoggerProvider, ILogger
{
    /// <summary>Level and text, in order.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
