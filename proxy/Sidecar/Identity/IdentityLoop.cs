using MeshOrleans.Proxy.Sidecar.Settings;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Identity;

/// <summary>
/// Sees to it that there is a valid certificate: joins, waits for pushes, and renews by itself when none
/// comes.
/// </summary>
internal sealed partial class IdentityLoop(
    SidecarSettings settings,
    IdentityHolder holder,
    Joiner joiner,
    Surroundings surroundings,
    ILogger<IdentityLoop> logger)
{
    private readonly GatewayRing _ring = new(settings, surroundings);
    private readonly Signal _changed = new();
    private double _chance = surroundings.Random.NextDouble();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        holder.Changed += _ => _changed.Set();
        while (!cancellationToken.IsCancellationRequested)
        {
            var clock = surroundings.Clock;
            switch (IdentityMachine.Next(holder.Current.Svid, clock.GetUtcNow(), _chance))
            {
                case IdentityStep.Wait wait:
                    await _changed.WaitAsync(wait.Time, clock, cancellationToken);
                    break;
                case IdentityStep.Join:
                    await TryAsync(joiner.JoinAsync, LogNotJoined, cancellationToken);
                    break;
                case IdentityStep.Renew renew:
                    await TryAsync(joiner.RenewAsync, renew.IsUrgent ? LogExpiring : LogNotRenewed, cancellationToken);
                    break;
            }
        }
    }

    private async Task TryAsync(
        Func<GatewayAttempt, CancellationToken, Task> action,
        Action<string> report,
        CancellationToken cancellationToken)
    {
        try
        {
            await action(_ring.Current, cancellationToken);
            _ring.Worked();
            _chance = surroundings.Random.NextDouble();
        }
        catch (IdentityException exception)
        {
            report(exception.Message);
            await _changed.WaitAsync(_ring.Failed(), surroundings.Clock, cancellationToken);
        }
    }

    private void LogExpiring(string reason) => LogExpiring(holder.Current.Svid!.NotAfter, reason);

    private void LogNotRenewed(string reason) => LogNotRenewed(holder.Current.Svid!.NotAfter, reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "No certificate: {Reason}. Trying again.")]
    private partial void LogNotJoined(string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The certificate, valid until {NotAfter:u}, is not renewed yet: {Reason}. Trying again.")]
    private partial void LogNotRenewed(DateTimeOffset notAfter, string reason);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The certificate ends at {NotAfter:u} and cannot be renewed: {Reason}. Trying again.")]
    private partial void LogExpiring(DateTimeOffset notAfter, string reason);
}
