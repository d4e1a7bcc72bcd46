using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Telemetry;
using MeshOrleans.Proxy.Dataplane.Upstream;

namespace MeshOrleans.Proxy.Dataplane.Health;

/// <summary>Whom to check, as the newest plan has it.</summary>
internal sealed record CheckTarget(ClusterPlan Plan, EndpointSlot Slot);

/// <summary>Checks one endpoint from its start until it is ended.</summary>
internal sealed class EndpointChecker : IAsyncDisposable
{
    private readonly Lock _counting = new();
    private readonly CheckTools _tools;
    private readonly CheckSeries _series;
    private readonly HealthCheckModel _rules;
    private readonly HealthRecord _record;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _checking;
    private volatile CheckTarget _target;
    private bool _ended;

    public EndpointChecker(CheckTools tools, CheckSeries series, HealthCheckModel rules, CheckTarget target)
    {
        (_tools, _series, _rules, _target, _record) = (tools, series, rules, target, target.Slot.State.Health);
        _checking = CheckUntilEndedAsync(_end.Token);
    }

    /// <summary>Whom the next check asks; always the same endpoint.</summary>
    public CheckTarget Target
    {
        set => _target = value;
    }

    /// <summary>Ends it, and forgets what has been found.</summary>
    public ValueTask DisposeAsync() => new(EndAsync(keepsHealth: false));

    /// <summary>Ends it, once: nothing is counted any more from now on. The task is done when a check in flight is.</summary>
    /// <param name="keepsHealth">Whether what has been found still holds, because another takes over.</param>
    public async Task EndAsync(bool keepsHealth)
    {
        lock (_counting)
        {
            _ended = true;
            if (!keepsHealth && _record.Clear())
            {
                _series.Back();
                _target.Plan.State.HealthChanged();
            }
        }

        await _end.CancelAsync().ConfigureAwait(false);
        await _checking.ConfigureAwait(false);
        _end.Dispose();
    }

    private async Task CheckUntilEndedAsync(CancellationToken ended)
    {
        using var probe = new EndpointProbe(_tools);
        try
        {
            await Task.Delay(PartOf(_rules.InitialJitter), _tools.Clock, ended)
                .ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // who applies a model does not wait for checks
            while (true)
            {
                Count(await CheckAsync(probe, ended).ConfigureAwait(false));
                var pause = _rules.Interval + PartOf(_rules.IntervalJitter);
                await Task.Delay(pause, _tools.Clock, ended).ConfigureAwait(false);
            }
        }
        catch (Exception) when (ended.IsCancellationRequested)
        {
            // a check in flight was cut off
        }
    }

    private async Task<CheckOutcome> CheckAsync(EndpointProbe probe, CancellationToken ended)
    {
        using var limit = new CancellationTokenSource(_rules.Timeout, _tools.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ended);
        try
        {
            return await probe.AskAsync(_rules.Probe, _target, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!ended.IsCancellationRequested && IsOwnFault(exception))
        {
            return CheckOutcome.NotMade;
        }
        catch (Exception) when (!ended.IsCancellationRequested)
        {
            return CheckOutcome.Failed; // refused, reset, no answer in time, no certificate to trust: all the same
        }
    }

    /// <summary>The client of requests wraps what making a connection threw.</summary>
    private static bool IsOwnFault(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is OwnCredentialException) return true;
        }

        return false;
    }

    private void Count(CheckOutcome outcome)
    {
        lock (_counting)
        {
            if (_ended) return;
            _series.Count(outcome);
            if (outcome is CheckOutcome.NotMade) return;
            if (!_record.Count(outcome, _rules)) return;
            if (_record.IsUnhealthy) _series.Out();
            else _series.Back();
            _target.Plan.State.HealthChanged();
        }
    }

    private TimeSpan PartOf(TimeSpan whole) => whole * _tools.Random.NextDouble();
}
