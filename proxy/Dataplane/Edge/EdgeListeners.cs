using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>What has become of one listener of the model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Port">The port that it has; 0 while it has none.</param>
/// <param name="Problem">Why it is not open, in words; empty when it is.</param>
public sealed record EdgeListenerStatus(string Name, int Port, string Problem);

/// <summary>Opens the sockets that the model has and closes those that it has no longer, while traffic flows.</summary>
public sealed partial class EdgeListeners : IAsyncDisposable
{
    private const int LastPrivilegedPort = 1023;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly ProxyState _state;
    private readonly EdgeTransport _transport;
    private readonly TimeProvider _clock;
    private readonly SocketTransportFactory _sockets;
    private readonly ILogger<EdgeListeners> _logger;
    private readonly ITimer _retry;
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Dictionary<string, EdgeSocket> _open = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _problems = new(StringComparer.Ordinal);
    private readonly Task _loop;
    private ProxyModel? _done;
    private int _isDisposed;

    internal EdgeListeners(ProxyState state, EdgeTransport transport, ILoggerFactory loggers, TimeProvider clock)
    {
        (_state, _transport, _clock) = (state, transport, clock);
        _logger = loggers.CreateLogger<EdgeListeners>();
        _sockets = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        _retry = clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _loop = RunAsync();
        state.Applied += Wake;
        Wake();
    }

    /// <summary>Raised when <see cref="Status"/> has been brought to a model.</summary>
    public event Action? Changed;

    /// <summary>All listeners of the model that was last carried out, by name.</summary>
    public ImmutableArray<EdgeListenerStatus> Status { get; private set; } = [];

    /// <summary>The model in force has been carried out, as far as the machine allows it.</summary>
    public bool IsUpToDate => ReferenceEquals(Volatile.Read(ref _done), _state.Model);

    /// <summary>Some model of the control plane has been carried out.</summary>
    public bool HasCarriedOut =>
        Volatile.Read(ref _done) is { } done && !ReferenceEquals(done, ProxyModel.Empty);

    /// <summary>Closes all sockets; connections end by themselves.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1) return;
        _state.Applied -= Wake;
        _changes.Writer.TryComplete();
        await _retry.DisposeAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        foreach (var socket in _open.Values) await socket.CloseAsync().ConfigureAwait(false);
        _open.Clear();
    }

    private void Wake() => _changes.Writer.TryWrite(true);

    private async Task RunAsync()
    {
        await foreach (var _ in _changes.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await CarryOutAsync(_state.Model).ConfigureAwait(false);
        }
    }

    private async Task CarryOutAsync(ProxyModel model)
    {
        foreach (var socket in _open.Values.ToList())
        {
            if (model.Edge.TryGetValue(socket.Name, out var wanted) && wanted.Address.Equals(socket.Wanted))
            {
                RetireOutdated(socket, wanted);
                continue;
            }

            _open.Remove(socket.Name);
            LogClosed(socket.Name);
            await socket.CloseAsync().ConfigureAwait(false);
        }

        foreach (var gone in _problems.Keys.Except(model.Edge.Keys).ToList()) _problems.Remove(gone);
        foreach (var listener in model.Edge.Values.OrderBy(l => l.Name, StringComparer.Ordinal))
        {
            if (!_open.ContainsKey(listener.Name)) await OpenAsync(listener).ConfigureAwait(false);
        }

        Status =
        [
            .. model.Edge.Keys.Order(StringComparer.Ordinal).Select(name => new EdgeListenerStatus(
                name,
                _open.TryGetValue(name, out var socket) ? ((IPEndPoint)socket.EndPoint).Port : 0,
                _problems.GetValueOrDefault(name, ""))),
        ];
        Volatile.Write(ref _done, model);
        if (_problems.Count > 0) _retry.Change(RetryAfter, Timeout.InfiniteTimeSpan);
        Changed?.Invoke();
    }

    // What a connection has proved, or was shown, belongs to the rules under which it was made.
    private static void RetireOutdated(EdgeSocket socket, EdgeListenerModel listener)
    {
        foreach (var connection in socket.Connections)
        {
            if (connection.Chain is { } chain && listener.Find(chain.Name) is var now
                && (now is null || now.Tls?.Key != chain.Tls?.Key))
            {
                connection.Retire();
            }
        }
    }

    private async Task OpenAsync(EdgeListenerModel listener)
    {
        try
        {
            var bound = await _sockets.BindAsync(listener.Address).ConfigureAwait(false);
            _open[listener.Name] = new EdgeSocket(listener.Name, listener.Address, bound, _transport, _clock);
            _problems.Remove(listener.Name);
            LogOpened(listener.Name, bound.EndPoint);
        }
        catch (Exception exception) when (exception is SocketException or IOException or AddressInUseException)
        {
            var problem = Explain(exception, listener.Address.Port);
            if (_problems.GetValueOrDefault(listener.Name) != problem) LogNotOpened(listener.Name, problem);
            _problems[listener.Name] = problem;
        }
    }

    private static string Explain(Exception exception, int port) =>
        (exception as SocketException ?? exception.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.AccessDenied when port <= LastPrivilegedPort =>
                $"port {port} needs a right: run as root, give the binary CAP_NET_BIND_SERVICE, or lower"
                + " net.ipv4.ip_unprivileged_port_start",
            SocketError.AddressAlreadyInUse => $"port {port} is taken",
            SocketError.AddressNotAvailable => "the address to bind is not this machine's",
            _ => exception.Message,
        };

    [LoggerMessage(Level = LogLevel.Information, Message = "Listener {Name} is open at {EndPoint}.")]
    private partial void LogOpened(string name, EndPoint endPoint);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Listener {Name} is closed; what is in flight is finished.")]
    private partial void LogClosed(string name);

    [LoggerMessage(Level = LogLevel.Error, Message = "Listener {Name} cannot be opened and is tried again: {Problem}.")]
    private partial void LogNotOpened(string name, string problem);
}
