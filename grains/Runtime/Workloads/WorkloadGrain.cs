using Microsoft.Extensions.Logging;

namespace MeshOrleans.Grains.Workloads;

/// <remarks>
/// The lease is a grain timer and is never saved: it starts afresh when the grain is activated. The reminder only wakes
/// the grain of a member whose silo was lost, so that the timer runs again. A timer that comes late says that this process
/// stood still: it could not hear renewals, and another activation may have heard them, which writes nothing.
/// </remarks>
internal sealed partial class WorkloadGrain(
    [PersistentState("workload", StorageNames.Mesh)] IPersistentState<WorkloadState> store,
    TimeProvider clock,
    ILogger<WorkloadGrain> logger) : Grain, IWorkloadGrain, IRemindable
{
    private const string LeaseReminder = "lease";

    private static readonly TimeSpan _reminderPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _maxLate = TimeSpan.FromSeconds(2);

    private WorkloadName _name;
    private IGrainTimer _lease = null!;
    private DateTimeOffset _renewedAt;
    private long _renewedStamp;
    private long _armedStamp;
    private TimeSpan _armedFor;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _name = WorkloadName.Parse(this.GetPrimaryKeyString());
        _lease = this.RegisterGrainTimer(AgeAsync, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await store.TellAsync(GrainFactory.GetMeshSnapshot(), cancellationToken);
        StartLease();
    }

    public async Task<RegisterResult> RegisterAsync(
        WorkloadRegistration registration, CancellationToken cancellationToken)
    {
        var (next, result) = WorkloadMachine.Register(store.State, _name, registration, clock.GetUtcNow());
        if (result is not RegisterResult.Registered registered) return result;
        if (registered.Created)
        {
            await this.RegisterOrUpdateReminder(LeaseReminder, _reminderPeriod, _reminderPeriod, cancellationToken);
        }

        await CommitAsync(next);
        StartLease();
        if (registered.Created) LogJoined(_name, registration.Address, registration.ServiceAccount);
        return result;
    }

    public async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        if (store.State.Registration is null) return false;
        await CommitAsync(WorkloadMachine.Renew(store.State, _name));
        StartLease();
        return true;
    }

    public async Task<bool> ReportHealthAsync(bool healthy, string detail, CancellationToken cancellationToken)
    {
        if (store.State.Registration is null) return false;
        await CommitAsync(WorkloadMachine.ReportHealth(store.State, _name, healthy, detail));
        return true;
    }

    public async Task<bool> DrainAsync(CancellationToken cancellationToken)
    {
        if (store.State.Registration is null) return false;
        await CommitAsync(WorkloadMachine.Drain(store.State, _name));
        return true;
    }

    public async Task<bool> LeaveAsync(CancellationToken cancellationToken)
    {
        if (store.State.Registration is null) return false;
        await CommitAsync(WorkloadMachine.Leave(store.State, _name));
        await ForgetReminderAsync();
        LogLeft(_name);
        return true;
    }

    public Task<WorkloadView?> FindAsync(CancellationToken cancellationToken)
    {
        var state = store.State;
        return Task.FromResult(state.Registration is null
            ? null
            : new WorkloadView(
                state.Registration, state.Health().ToString(), state.HealthDetail(), state.RegisteredAt, _renewedAt));
    }

    public Task<string?> FindAccountAsync(CancellationToken cancellationToken) =>
        Task.FromResult(WorkloadMachine.AccountOf(store.State));

    public Task ReceiveReminder(string reminderName, TickStatus status) =>
        store.State.Registration is null ? ForgetReminderAsync() : Task.CompletedTask;

    private void StartLease()
    {
        (_renewedAt, _renewedStamp) = (clock.GetUtcNow(), clock.GetTimestamp());
        ArmLease();
    }

    private void ArmLease()
    {
        var due = WorkloadMachine.UntilNextAge(store.State, clock.GetElapsedTime(_renewedStamp));
        ArmLease(due ?? Timeout.InfiniteTimeSpan);
    }

    private void ArmLease(TimeSpan due)
    {
        (_armedStamp, _armedFor) = (clock.GetTimestamp(), due);
        _lease.Change(due, Timeout.InfiniteTimeSpan);
    }

    private async Task AgeAsync(CancellationToken cancellationToken)
    {
        if (clock.GetElapsedTime(_armedStamp) - _armedFor is var late && late > _maxLate)
        {
            LogStoodStill(_name, late);
            StartLease();
            return;
        }

        var before = store.State;
        var next = WorkloadMachine.Age(before, _name, clock.GetElapsedTime(_renewedStamp));
        if (next != before) LogLeaseLost(_name, next.Registration is null ? "removed" : "unhealthy");
        try
        {
            await CommitAsync(next);
        }
        catch
        {
            ArmLease(_retry); // a member that is gone must not stay because nobody could write
            throw;
        }

        ArmLease();
        if (next.Registration is null) await ForgetReminderAsync();
    }

    private Task CommitAsync(WorkloadState next) => ReferenceEquals(next, store.State)
        ? Task.CompletedTask
        : this.CommitAsync(store, next, GrainFactory.GetMeshSnapshot());

    private async Task ForgetReminderAsync()
    {
        if (await this.GetReminder(LeaseReminder) is { } reminder) await this.UnregisterReminder(reminder);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Workload} joined at {Address} as {ServiceAccount}.")]
    private partial void LogJoined(WorkloadName workload, string address, string serviceAccount);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Workload} left.")]
    private partial void LogLeft(WorkloadName workload);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "This silo stood still: the lease of {Workload} is looked at {Late} late and starts afresh.")]
    private partial void LogStoodStill(WorkloadName workload, TimeSpan late);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Workload} has not renewed its lease and is {Outcome}.")]
    private partial void LogLeaseLost(WorkloadName workload, string outcome);
}
