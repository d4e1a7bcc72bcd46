using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>
/// A client of HTTP/2 whose requests go on inline: the thread that reads a response from the socket hands it to whoever waits,
/// and no other one is woken for it. Nothing that follows may block therefore.
/// </summary>
/// <param name="options">Its connections.</param>
/// <param name="clock">The time.</param>
public sealed class Http2Handler(PoolOptions options, TimeProvider clock) : HttpMessageHandler
{
    private const int MostTries = 3;

    private static readonly TimeSpan _longestContinue = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(string Host, int Port), ConnectionPool> _pools = [];
    private ConnectionPool? _latest;

    /// <summary>Sends a request; completes with the headers of the response.</summary>
    /// <exception cref="HttpRequestException">No connection, or none that lasted until then.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var pool = PoolOf(request.RequestUri!);
        var made = pool.Made;
        for (var tries = 1; ; tries++)
        {
            var stream = pool.TryOpen(request)
                ?? await pool.OpenAsync(request, made, cancellationToken).ConfigureAwait(false);
            try
            {
                return await ExchangeAsync(stream, request, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpRequestException)
                when (stream.IsUntouched && tries < MostTries && request.Content is null)
            {
                // nobody has looked at it: another connection may
            }
        }
    }

    /// <summary>Ends all connections, whatever is under way on them.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var pool in _pools.Values) _ = pool.DisposeAsync().AsTask();
        }

        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<HttpResponseMessage> ExchangeAsync(
        ClientStream stream, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(
            static (stream, token) => ((ClientStream)stream!).Cancel(token), stream);
        if (request.Content is { } content) _ = SendBodyAsync(stream, content, cancellationToken);
        try
        {
            return await stream.Answered.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            throw new HttpRequestException(HttpRequestError.ResponseEnded, exception.Message, exception);
        }
    }

    // What goes wrong here is told by the stream: nobody else waits for this.
    private async Task SendBodyAsync(ClientStream stream, HttpContent content, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stream.EndsWith(end); // whoever reads the body for it is not to wait for more
        try
        {
            if (stream.Request.Headers.ExpectContinue is true && !await IsWantedAsync(stream).ConfigureAwait(false)) return;
            var body = new RequestBody(stream, content.Headers.ContentLength);
            var copying = content.CopyToAsync(body, null, end.Token);
            stream.Connection.Output.Flush(); // the fields, if nothing of the body has come yet
            await copying.ConfigureAwait(false);
            await body.EndAsync(end.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            stream.Connection.Reset(stream, Frames.Http2Error.Cancel, exception);
        }
        finally
        {
            stream.EndsWith(null);
        }
    }

    private async Task<bool> IsWantedAsync(ClientStream stream)
    {
        stream.Connection.Output.Flush();
        using var limit = new CancellationTokenSource(_longestContinue, clock);
        await stream.ContinueAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stream.IsRefusedWithoutBody) return true;
        stream.WithholdBody();
        return false;
    }

    private ConnectionPool PoolOf(Uri uri)
    {
        var server = (uri.IdnHost, uri.Port);
        if (Volatile.Read(ref _latest) is { } latest && latest.Server == server) return latest;
        var pool = _pools.GetOrAdd(
            server,
            static (server, self) => new ConnectionPool(server, self.Options, self.Clock),
            (Options: options, Clock: clock));
        Volatile.Write(ref _latest, pool);
        return pool;
    }
}
