using System.Text;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Silo.Issuers;

namespace MeshOrleans.Silo.Access.Keys;

/// <summary>The keys of one place as they were last fetched. One attempt at a time; all who wait share it.</summary>
internal sealed partial class HeldKeys(KeyPlace place, IssuerNetwork network, TimeProvider clock, ILogger logger)
{
    /// <summary>How soon keys are fetched again because a token names one that is not among them, or because it failed.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan _filePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _refresh = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan _maxAge = TimeSpan.FromHours(24);

    /// <summary>
    /// How long keys hold whose file cannot be read: it may be being written. It is here, so that nothing else keeps it
    /// from being read for long, and one that was taken away was taken away on purpose.
    /// </summary>
    private static readonly TimeSpan _maxFileAge = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    private readonly Lock _turn = new();
    private JsonWebKeySet? _keys;
    private DateTimeOffset _fetchedAt;
    private DateTimeOffset? _triedAt;
    private Task _attempt = Task.CompletedTask;

    private bool IsFile => place.File.Length > 0;

    /// <summary>Why they could not be fetched the last time; empty when they could.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>The keys; null when there are none that are fresh enough to be believed.</summary>
    /// <param name="wantsNew">Whether those that are here do not do.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<JsonWebKeySet?> GetAsync(bool wantsNew, CancellationToken cancellationToken)
    {
        Task attempt;
        lock (_turn)
        {
            if (_attempt.IsCompleted && IsDue(wantsNew))
            {
                _triedAt = clock.GetUtcNow();
                _attempt = FetchAsync();
            }

            // what is here serves while it is fetched anew; a file is read before anybody is believed by it
            attempt = _keys is null || wantsNew || IsFile ? _attempt : Task.CompletedTask;
        }

        try
        {
            await attempt.WaitAsync(2 * _timeout, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // a disk that does not answer: what is here serves while it is young enough
        }

        lock (_turn) return clock.GetUtcNow() - _fetchedAt <= (IsFile ? _maxFileAge : _maxAge) ? _keys : null;
    }

    private bool IsDue(bool wantsNew)
    {
        if (_triedAt is not { } tried) return true;
        var passed = clock.GetUtcNow() - tried;
        if (passed < TimeSpan.Zero) return true; // a clock that was set back is no reason to wait
        var pause = IsFile ? _filePause : Pause;
        return passed >= (wantsNew || _keys is null || Problem.Length > 0 || IsFile ? pause : _refresh);
    }

    // never throws: whoever comes next is told by Problem
    private async Task FetchAsync()
    {
        await Task.Yield(); // not under the lock
        try
        {
            var keys = IsFile ? await ReadFileAsync() : await FetchFromAsync();
            lock (_turn) (_keys, _fetchedAt, Problem) = (keys, clock.GetUtcNow(), "");
        }
        catch (Exception exception)
        {
            lock (_turn) Problem = exception.Message;
            LogNotFetched(place.Name, IsFile ? _maxFileAge : _maxAge, exception.Message);
        }
    }

    // a set without keys is the operator's word as well: nobody is believed any more
    private async Task<JsonWebKeySet> ReadFileAsync()
    {
        await using var stream = File.OpenRead(place.File);
        if (stream.Length > JsonWebKeySet.MaxBytes) throw new KeyFetchException($"{place.File} is too long for a set of keys.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return JsonWebKeySet.TryParse(await reader.ReadToEndAsync(), out var keys, out var problem)
            ? keys
            : throw new KeyFetchException($"{place.File} holds no keys that can be used{(problem.Length > 0 ? $": {problem}" : "")}.");
    }

    private async Task<JsonWebKeySet> FetchFromAsync()
    {
        var settings = new IssuerKeySettings { AllowHttp = place.AllowHttp, AllowedHosts = place.AllowedHosts };
        var roots = await TrustedRoots.ReadAsync(place.CaFile);
        var client = new KeySetClient(network, clock, roots is null ? null : roots.Demand);
        using var limit = new CancellationTokenSource(2 * _timeout, clock);
        return await client.FetchAsync(new KeySource(place.Address, _timeout), settings, limit.Token);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The keys of an issuer of the access file could not be had from {Place}; those that were stay for {Held}: {Reason}")]
    private partial void LogNotFetched(string place, TimeSpan held, string reason);
}
