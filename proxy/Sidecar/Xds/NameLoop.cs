using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Xds;

/// <summary>
/// Asks DNS for the endpoints that clusters know by name. What cannot be answered now keeps its former
/// addresses.
/// </summary>
internal sealed partial class NameLoop(
    ModelHolder models,
    Func<string, CancellationToken, Task<IPAddress[]>> resolve,
    TimeProvider clock,
    ILogger<NameLoop> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5); // Envoy's dns_refresh_rate
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly Signal _changed = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        models.Changed += _ =>
        {
            var resources = models.Resources;
            if (resources.DnsNames.Any(n => !resources.Addresses.ContainsKey(n))) _changed.Set();
        };
        while (true)
        {
            await ResolveAllAsync(cancellationToken);
            await _changed.WaitAsync(Interval, clock, cancellationToken);
        }
    }

    private async Task ResolveAllAsync(CancellationToken cancellationToken)
    {
        var names = models.Resources.DnsNames.ToArray();
        var answers = await Task.WhenAll(names.Select(n => ResolveAsync(n, cancellationToken)));
        var addresses = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        foreach (var (name, answer) in names.Zip(answers))
        {
            if (answer is { } found) addresses[name] = found;
            else if (models.Resources.Addresses.TryGetValue(name, out var former)) addresses[name] = former;
        }

        models.SetAddresses(addresses.ToImmutable());
    }

    private async Task<ImmutableArray<string>?> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var addresses = await resolve(name, either.Token);
            return [.. addresses.Select(a => a.ToString()).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is SocketException || patience.IsCancellationRequested)
        {
            LogUnresolved(name, exception.Message);
            return null;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "DNS has no answer for {Name}, what is known stays in use: {Reason}.")]
    private partial void LogUnresolved(string name, string reason);
}
