using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Http2.Hpack;

namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>One request and its response on a connection; what both ends of it have in common.</summary>
internal abstract class Http2Stream(Http2Connection connection, int id) : IFieldSink
{
    private TaskCompletionSource? _window;

    public Http2Connection Connection => connection;

    public int Id { get; } = id;

    /// <summary>What the peer sends.</summary>
    public BodyQueue Incoming { get; } = new();

    /// <summary>How many bytes may still be sent. Under the output's lock.</summary>
    public long SendWindow { get; set; }

    /// <summary>How many bytes may still come. Under the output's lock.</summary>
    public long ReceiveWindow { get; set; }

    /// <summary>How many bytes were read and not yet given back to the peer. Under the output's lock.</summary>
    public int Consumed { get; set; }

    /// <summary>This end sends nothing more. Under the output's lock.</summary>
    public bool IsLocalEnded { get; set; }

    /// <summary>The other end sends nothing more. Under the output's lock.</summary>
    public bool IsRemoteEnded { get; set; }

    /// <summary>Why it ended before its time; null when it did not. Set once, under the output's lock.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The peer has not looked at it: what was asked may be asked again. Under the output's lock.</summary>
    public bool IsUntouched { get; set; }

    /// <summary>In the list of those that wait for the connection's window. Under the output's lock.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>In the list of those that have news. The reading loop's.</summary>
    public bool IsReady { get; set; }

    public abstract void Take(string name, string value);

    /// <summary>A block of fields has been read into this. By the reading loop.</summary>
    /// <returns>What is wrong with it; <see cref="Http2Error.NoError"/> when nothing is.</returns>
    public abstract Http2Error EndFields(DecodeResult result, bool endsStream);

    /// <summary>Bytes have come. By the reading loop.</summary>
    /// <returns>Whether they are wanted, and what is wrong.</returns>
    public virtual Http2Error Receive(ReadOnlySpan<byte> bytes, bool endsStream, out bool isKept)
    {
        isKept = Incoming.Append(bytes);
        return Http2Error.NoError;
    }

    /// <summary>Nothing more will come, and it is all there. By the reading loop.</summary>
    public virtual void ReceiveEnd() => Incoming.End();

    /// <summary>Lets those go on who wait for what has come. Without any lock.</summary>
    public virtual void Signal() => Incoming.Wake();

    /// <summary>It ends before its time. Once, under the output's lock; <see cref="Signal"/> follows.</summary>
    public void Fail(Exception failure)
    {
        if (Failure is not null) return;
        Failure = failure;
        Incoming.Fail(failure);
        OpenWindow();
    }

    /// <summary>The one that sends may look at the windows again. Under the output's lock.</summary>
    public void OpenWindow()
    {
        _window?.TrySetResult();
        _window = null;
    }

    /// <summary>Completes when the windows have changed. Under the output's lock.</summary>
    public Task WindowAsync() =>
        (_window ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
