using System.Collections.Immutable;
using System.Net;

namespace MeshOrleans.Proxy.Http2.Client;

/// <summary>The connections to one server. A crowded one gets another beside it, one for each core at most.</summary>
internal sealed class ConnectionPool : IAsyncDisposable
{
    private const int CrowdedAt = 100; // requests at a time, from which on another connection is worth its handshake

    private const int MostLost = 3; // connections that were made for a request and gone before it began

    private readonly PoolOptions _options;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _end = new();
    private readonly ITimer _timer;
    private readonly TimeSpan _sweep;
    private ImmutableArray<ClientConnection> _connections = [];
    private Task<Exception?>? _connecting;
    private TaskCompletionSource? _room;
    private bool _isEnded;
    private volatile int _made;

    public ConnectionPool((string Host, int Port) server, PoolOptions options, TimeProvider clock)
    {
        (Server, _options, _clock) = (server, options, clock);
        _sweep = TimeSpan.FromSeconds(options.Settings.PingInterval is null ? 10 : 1);
        _timer = clock.CreateTimer(static pool => ((ConnectionPool)pool!).Sweep(), this, Timeout.InfiniteTimeSpan, _sweep);
    }

    /// <summary>Where its connections lead.</summary>
    public (string Host, int Port) Server { get; }

    private ImmutableArray<ClientConnection> Connections
    {
        get { lock (_gate) return _connections; }
    }

    /// <summary>How many connections have been made so far.</summary>
    public int Made => _made;

    /// <summary>Begins a request on a connection that there is; null when there is none for it.</summary>
    public ClientStream? TryOpen(HttpRequestMessage request)
    {
        var (best, least) = ((ClientConnection?)null, int.MaxValue);
        var connections = Connections;
        foreach (var connection in connections)
        {
            if (!IsLive(connection)) continue;
            var active = connection.Active;
            if (active >= least) continue;
            (best, least) = (connection, active);
            if (active < CrowdedAt) break; // the first ones are filled first, so that the last ones may fall idle
        }

        if (best is null) return null;
        if (least >= CrowdedAt && _options.IsSpread && connections.Length < Environment.ProcessorCount) _ = Connecting();
        return best.TryOpen(request);
    }

    /// <summary>Begins a request as soon as there is a connection for it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="madeBefore">How many connections had been made when somebody first asked for it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="HttpRequestException">There is none to be had.</exception>
    public async ValueTask<ClientStream> OpenAsync(
        HttpRequestMessage request, int madeBefore, CancellationToken cancellationToken)
    {
        while (true)
        {
            var room = Room();
            if (TryOpen(request) is { } stream) return stream;
            if (!MayConnect())
            {
                await room.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (_made - madeBefore >= MostLost && !HasLive())
            {
                throw new HttpRequestException(HttpRequestError.ConnectionError, "No connection lasted until the request.");
            }

            var connecting = Connecting();
            var first = await Task.WhenAny(connecting, room).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (first == connecting && await connecting.ConfigureAwait(false) is { } failure)
            {
                throw new HttpRequestException(HttpRequestError.ConnectionError, failure.Message, failure);
            }
        }
    }

    /// <summary>A connection has ended.</summary>
    public void Remove(ClientConnection connection)
    {
        lock (_gate) _connections = _connections.Remove(connection);
        HasRoom();
    }

    /// <summary>Those who wait for room may look again. Under whatever lock.</summary>
    public void HasRoom()
    {
        if (Volatile.Read(ref _room) is not null) Interlocked.Exchange(ref _room, null)?.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        Task connecting;
        lock (_gate)
        {
            _isEnded = true;
            connecting = _connecting ?? Task.CompletedTask;
        }

        await _end.CancelAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        await connecting.ConfigureAwait(false);
        foreach (var connection in Connections) await connection.CloseAsync().ConfigureAwait(false);
        _end.Dispose();
    }

    // Without a limit of its own a pool has as many connections as it takes.
    private bool MayConnect() => _options.IsSpread || !HasLive();

    private bool HasLive()
    {
        foreach (var connection in Connections)
        {
            if (IsLive(connection)) return true;
        }

        return false;
    }

    private Task Room()
    {
        while (true)
        {
            if (Volatile.Read(ref _room) is { } there) return there.Task;
            var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (Interlocked.CompareExchange(ref _room, fresh, null) is null) return fresh.Task;
        }
    }

    // One at a time; whoever needs it waits for the same.
    private Task<Exception?> Connecting()
    {
        lock (_gate)
        {
            if (_isEnded) return Task.FromResult<Exception?>(new ObjectDisposedException(nameof(ConnectionPool)));
            return _connecting ??= ConnectAsync();
        }
    }

    private async Task<Exception?> ConnectAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // the caller holds the lock
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _end.Token);
        Exception? failure = null;
        try
        {
            var stream = await _options.Connect(new DnsEndPoint(Server.Host, Server.Port), end.Token).ConfigureAwait(false);
            var connection = new ClientConnection(this, stream, _options.Settings, _clock);
            lock (_gate)
            {
                if (_connections.IsEmpty) _timer.Change(_sweep, _sweep);
                _connections = _connections.Add(connection);
                _made++;
            }

            connection.Start();
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested)
        {
            failure = new TimeoutException("The connection was not there in time.", exception);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        lock (_gate) _connecting = null;
        HasRoom();
        return failure;
    }

    private bool IsLive(ClientConnection connection) =>
        _clock.GetElapsedTime(connection.Since) < _options.MaxAge && !connection.IsSpent;

    private void Sweep()
    {
        var connections = Connections;
        foreach (var connection in connections)
        {
            var isUnused = connection.Active == 0;
            if (isUnused && (!IsLive(connection) || IsIdle(connection))) connection.Leave();
            else connection.Probe();
        }

        lock (_gate)
        {
            if (_connections.IsEmpty && !_isEnded) _timer.Change(Timeout.InfiniteTimeSpan, _sweep);
        }
    }

    private bool IsIdle(ClientConnection connection) =>
        _clock.GetElapsedTime(connection.IdleSince) >= _options.IdleTimeout;
}
