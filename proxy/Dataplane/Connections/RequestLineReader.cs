using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// What Kestrel reads of a connection in HTTP/1, with every request's first line mended (<see cref="RequestLine"/>). It
/// reads no framing of its own: where a request begins is told by what Kestrel has used up and by what it says of the
/// request's body. Where that is not known, lines are left as they came. Hangs in the features of its connection.
/// </summary>
internal sealed class RequestLineReader(PipeReader inner) : InputOver(inner)
{
    private ReadOnlySequence<byte> _read;
    private Place _place = Place.Line;
    private long _empty;
    private long _left;

    private enum Place
    {
        /// <summary>A request begins here.</summary>
        Line,

        /// <summary>In a body of which so much is left.</summary>
        Body,

        /// <summary>Somewhere that only Kestrel knows.</summary>
        Inside,
    }

    /// <summary>Has Kestrel serve a connection of either HTTP.</summary>
    public static async Task ServeAsync(ConnectionContext connection, ConnectionDelegate http)
    {
        var protocol = connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol ?? default;
        if (protocol.Span.SequenceEqual("h2"u8))
        {
            await http(connection).ConfigureAwait(false);
            return;
        }

        var transport = connection.Transport;
        var reader = new RequestLineReader(transport.Input);
        connection.Features.Set(reader);
        connection.Transport = new Pipes(reader, transport.Output);
        try
        {
            await http(connection).ConfigureAwait(false);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    /// <summary>Kestrel has read the head of a request, and nothing of its body.</summary>
    public void BeginRequest(HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.TransferEncoding.Count > 0 || IsUpgradable(context)) return; // not known before it is over
        _left = request.ContentLength ?? 0;
        _place = _left > 0 ? Place.Body : Place.Line;
    }

    /// <summary>The request has been answered.</summary>
    public void EndRequest(HttpContext context)
    {
        if (_place is not Place.Inside) return;
        if (IsUpgradable(context)
            ? context.Response.StatusCode != StatusCodes.Status101SwitchingProtocols
            : IsReadToItsEnd(context.Request.BodyReader))
        {
            _place = Place.Line;
        }
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_place is not Place.Inside) Follow(_read.Slice(_read.Start, consumed).Length);
        _read = default;
        base.AdvanceTo(consumed, examined);
    }

    protected override ReadResult Look(in ReadResult result)
    {
        _read = result.Buffer;
        if (_place is Place.Line) _empty = RequestLine.Mend(_read);
        return result;
    }

    private void Follow(long used)
    {
        if (_place is Place.Line)
        {
            if (used > _empty) _place = Place.Inside;
            return;
        }

        _left -= used;
        if (_left == 0) _place = Place.Line;
    }

    private static bool IsUpgradable(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };

    private static bool IsReadToItsEnd(PipeReader body)
    {
        try
        {
            if (!body.TryRead(out var result)) return false;
            body.AdvanceTo(result.Buffer.Start);
            return result.IsCompleted && result.Buffer.IsEmpty;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or OperationCanceledException)
        {
            return false; // it was no body, or is read still by whoever sends it on
        }
    }
}
