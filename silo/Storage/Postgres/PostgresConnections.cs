using Npgsql;

namespace MeshOrleans.Silo.Storage.Postgres;

/// <summary>
/// The connections of one silo to the cluster's database: kept for whoever comes next, and few opened at once. A new one is
/// a new process of the server, which makes one after the other and cannot tell whose caller has given up. When all
/// connections of all silos are lost at once, those who knock at once would be more than a starved server lets in before
/// they give up and knock again, and it would be busy with the dead ones for ever. So the others wait here.
/// </summary>
internal sealed class PostgresConnections(string connectionString, TimeProvider clock) : IAsyncDisposable
{
    private const int MaxPrepared = 32; // more than there are statements
    private const int MaxOpening = 2;

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(Prepared(connectionString));
    private readonly SemaphoreSlim _turns = new(MaxOpening);
    private readonly TimeSpan _patience = PatienceOf(connectionString);

    /// <summary>One that is kept, or a new one. Whoever has begun to open one has the whole of the time that is set for it.</summary>
    /// <exception cref="TimeoutException">The turn did not come within half of that time.</exception>
    /// <exception cref="NpgsqlException">The server cannot be reached, or refuses.</exception>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        await WaitForTurnAsync(cancellationToken);
        try
        {
            return await _source.OpenConnectionAsync(cancellationToken);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>Uses none again that was opened before now.</summary>
    public void Clear() => _source.Clear();

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _turns.Dispose();
    }

    private async ValueTask WaitForTurnAsync(CancellationToken cancellationToken)
    {
        if (_turns.Wait(0, CancellationToken.None)) return;
        using var patience = new CancellationTokenSource(_patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await _turns.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("No connection was to be had: others were still being opened.");
        }
    }

    // The statements are few and the same for ever: each is planned once a connection. Nothing here changes a session, so
    // there is nothing to reset when a connection goes back to the pool.
    private static NpgsqlConnectionStringBuilder Prepared(string connectionString) => new(connectionString)
    {
        MaxAutoPrepare = MaxPrepared,
        AutoPrepareMinUsages = 2,
        NoResetOnClose = true,
    };

    // With the opening itself no longer than a call of a grain lasts. Where that has no end this has none.
    private static TimeSpan PatienceOf(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Timeout is var seconds and > 0
            ? TimeSpan.FromSeconds(seconds) / 2
            : Timeout.InfiniteTimeSpan;
}
