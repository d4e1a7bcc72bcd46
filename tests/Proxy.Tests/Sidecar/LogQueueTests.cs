using System.Text;
using MeshOrleans.Proxy.Sidecar.Logs;
using MeshOrleans.Testing;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class LogQueueTests
{
    [Fact]
    public async Task Whoever_logs_never_waits_for_a_reader_and_hears_what_was_dropped()
    {
        using var output = new StuckWriter();
        var threshold = new LogThreshold(LogLevel.Information);
        await using var provider = new StderrLoggerProvider(threshold, isJson: false, new ManualTimeProvider(), output);
        var logger = provider.CreateLogger("MeshOrleans.Test");

        // more than fit: the call returns all the same
        for (var i = 0; i < LogQueue.Length + 100; i++) logger.LogInformation("line {Number}", i);
        output.Release();
        await Eventually.HoldsAsync("line that was kept", () => output.Lines >= LogQueue.Length);
        logger.LogInformation("after");

        await Eventually.HoldsAsync(
            "word of what was dropped", () => output.Text.Contains("lines were dropped", StringComparison.Ordinal));
        Assert.Contains("line 0", output.Text, StringComparison.Ordinal);
        Assert.Contains("after", output.Text, StringComparison.Ordinal);
        Assert.DoesNotContain($"line {LogQueue.Length + 99}", output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_logged_is_written_before_the_end()
    {
        using var output = new StuckWriter();
        output.Release();
        var provider = new StderrLoggerProvider(new LogThreshold(LogLevel.Information), isJson: false, new ManualTimeProvider(), output);

        provider.CreateLogger("MeshOrleans.Test").LogError("the last word");
        await provider.DisposeAsync();

        Assert.Contains("the last word", output.Text, StringComparison.Ordinal);
    }

    /// <summary>A pipe that nobody reads until it is told to.</summary>
    private sealed class StuckWriter : TextWriter
    {
        private readonly StringBuilder _text = new();
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _lines;

        public override Encoding Encoding => Encoding.UTF8;

        public int Lines => Volatile.Read(ref _lines);

        public string Text
        {
            get
            {
                lock (_text) return _text.ToString();
            }
        }

        public void Release() => _released.TrySetResult();

        public override async Task WriteLineAsync(string? value)
        {
            await _released.Task;
            lock (_text) _text.AppendLine(value);
            Interlocked.Increment(ref _lines);
        }
    }
}
