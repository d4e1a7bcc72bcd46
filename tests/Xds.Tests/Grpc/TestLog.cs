using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Tests.Grpc;

/// <summary>Keeps what was logged, with the exceptions' texts: a test can say what must or must never be there.</summary>
internal sealed class TestLog : ILoggerProvider
{
    public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
    }

    private sealed class Logger(TestLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            log.Lines.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));
    }
}
