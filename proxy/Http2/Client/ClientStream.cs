using System.Globalization;
using System.Net;
using MeshOrleans.Proxy.Http2.Connections;
using MeshOrleans.Proxy.Http2.Frames;
using MeshOrleans.Proxy.Http2.Hpack;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>One request on its way, and its response.</summary>
internal sealed class ClientStream(ClientConnection connection, int id, HttpRequestMessage request)
    : Http2Stream(connection, id)
{
    private readonly TaskCompletionSource<HttpResponseMessage> _answered = new();
    private List<HeaderField>? _trailers;
    private HttpResponseMessage? _response;
    private TaskCompletionSource? _continued;
    private CancellationTokenSource? _reading;
    private bool _isAnswered;
    private bool _isWithheld;
    private bool _isLeft;

    /// <summary>The response, as soon as its headers are there.</summary>
    public Task<HttpResponseMessage> Answered => _answered.Task;

    public HttpRequestMessage Request => request;

    /// <summary>What is to be cancelled when the stream fails: whoever reads the body that is sent.</summary>
    public void EndsWith(CancellationTokenSource? reading)
    {
        lock (Connection.Output.Gate) _reading = reading;
        if (reading is not null && Failure is not null) StopReading();
    }

    /// <summary>The server has answered without wanting the body: the request ends with its response.</summary>
    public void WithholdBody()
    {
        lock (Connection.Output.Gate)
        {
            _isWithheld = true;
            if (!_isLeft) return;
        }

        Connection.Reset(this, Http2Error.Cancel, new IOException("The request was not wanted."));
    }

    /// <summary>Nobody reads the response any more.</summary>
    public void Leave()
    {
        bool isWithheld;
        lock (Connection.Output.Gate) (_isLeft, isWithheld) = (true, _isWithheld);
        if (isWithheld || !Incoming.IsDone)
        {
            Connection.Reset(this, Http2Error.Cancel, new IOException("The response was not wanted any more."));
        }

        if (Incoming.Drop() is > 0 and var left) Connection.GiveBack(null, left);
    }

    /// <summary>The server has answered, and not in the way of one that goes on to take the body.</summary>
    public bool IsRefusedWithoutBody
    {
        get { lock (Connection.Output.Gate) return _response is { StatusCode: >= HttpStatusCode.Ambiguous }; }
    }

    /// <summary>Nobody waits for it any more.</summary>
    public void Cancel(CancellationToken token) =>
        Connection.Reset(this, Http2Error.Cancel, new OperationCanceledException(token));

    /// <summary>Completes when the server wants the body, or has answered without it.</summary>
    public Task ContinueAsync(CancellationToken cancellationToken)
    {
        lock (Connection.Output.Gate)
        {
            if (_response is not null || Failure is not null) return Task.CompletedTask;
            _continued ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _continued.Task.WaitAsync(cancellationToken);
        }
    }

    public override void Take(string name, string value) => connection.Fields.Add(new HeaderField(name, value));

    public override Http2Error EndFields(DecodeResult result, bool endsStream)
    {
        var fields = connection.Fields;
        var error = Read(fields, result, endsStream);
        fields.Clear();
        return error;
    }

    private Http2Error Read(List<HeaderField> fields, DecodeResult result, bool endsStream)
    {
        if (result is not DecodeResult.Whole) return Http2Error.EnhanceYourCalm;
        if (_response is not null)
        {
            if (!endsStream || !fields.TrueForAll(f => FieldRules.IsRight(f.Name, f.Value))) return Http2Error.Protocol;
            _trailers = [.. fields];
            return Http2Error.NoError;
        }

        if (!TryReadStatus(fields, out var status)) return Http2Error.Protocol;
        if (status is >= 100 and < 200)
        {
            if (endsStream || status == 101) return Http2Error.Protocol;
            if (status == 100) Continue();
            return Http2Error.NoError;
        }

        var response = Read(fields, status);
        if (response is null) return Http2Error.Protocol;
        lock (Connection.Output.Gate) _response = response;
        Continue();
        return Http2Error.NoError;
    }

    public override Http2Error Receive(ReadOnlySpan<byte> bytes, bool endsStream, out bool isKept)
    {
        isKept = false;
        return _response is null ? Http2Error.Protocol : base.Receive(bytes, endsStream, out isKept);
    }

    public override void ReceiveEnd()
    {
        if (_response is null) return; // whoever waits is told by the end of the stream
        base.ReceiveEnd();
    }

    public override void Signal()
    {
        if (!_isAnswered)
        {
            if (_response is { } response)
            {
                _isAnswered = true;
                _answered.TrySetResult(response);
            }
            else if (Failure is { } failure)
            {
                _isAnswered = true;
                Continue();
                _answered.TrySetException(failure);
            }
        }

        base.Signal();
        if (Failure is not null) StopReading();
    }

    /// <summary>The body has been read to its end.</summary>
    public void EndOfBody()
    {
        if (Interlocked.Exchange(ref _trailers, null) is not { } trailers) return;
        foreach (var (name, value) in trailers)
        {
            _response!.TrailingHeaders.TryAddWithoutValidation(name, value);
        }
    }

    private void StopReading()
    {
        CancellationTokenSource? reading;
        lock (Connection.Output.Gate) (reading, _reading) = (_reading, null);
        try
        {
            reading?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // all of it has been read
        }
    }

    private void Continue()
    {
        TaskCompletionSource? continued;
        lock (Connection.Output.Gate) continued = _continued;
        continued?.TrySetResult();
    }

    private static bool TryReadStatus(List<HeaderField> fields, out int status)
    {
        status = 0;
        return fields is [{ Name: ":status", Value.Length: 3 } first, ..]
            && int.TryParse(first.Value, NumberStyles.None, CultureInfo.InvariantCulture, out status);
    }

    private HttpResponseMessage? Read(List<HeaderField> fields, int status)
    {
        var content = new ResponseContent(this);
        var response = new HttpResponseMessage((HttpStatusCode)status)
        {
            Version = HttpVersion.Version20, RequestMessage = request, Content = content,
        };
        for (var i = 1; i < fields.Count; i++)
        {
            var (name, value) = fields[i];
            if (name.Length == 0 || name[0] == ':' || !FieldRules.IsRight(name, value)) return null;
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return response;
    }
}
