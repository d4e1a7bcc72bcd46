using System.Threading.Channels;
using MeshOrleans.Grains.Workloads;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Notes what was asked of it, in words.</summary>
internal sealed class FakeWorkloadGrain : IWorkloadGrain
{
    public Channel<string> Calls { get; } = Channel.CreateUnbounded<string>();

    public WorkloadRegistration? Registration { get; private set; }

    public RegisterResult? Answer { get; set; }

    public bool IsKnown { get; set; } = true;

    /// <summary>So many registrations are heard and fail, as at a silo that has just died.</summary>
    public int Failures { get; set; }

    /// <summary>Renewals are heard and never answered, as by a silo that has just died.</summary>
    public bool IsMute { get; set; }

    public Task<RegisterResult> RegisterAsync(WorkloadRegistration registration, CancellationToken cancellationToken)
    {
        Registration = registration;
        Calls.Writer.TryWrite("register");
        if (Failures-- > 0) throw new TimeoutException("The silo is gone.");
        IsKnown = true;
        return Task.FromResult(Answer ?? new RegisterResult.Registered(true, registration.Lease));
    }

    public async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        var answer = await Note("renew");
        if (IsMute) await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
        return answer;
    }

    public Task<bool> ReportHealthAsync(bool healthy, string detail, CancellationToken cancellationToken) =>
        Note(healthy ? "healthy" : $"unhealthy: {detail}");

    public Task<bool> DrainAsync(CancellationToken cancellationToken) => Note("drain");

    public Task<bool> LeaveAsync(CancellationToken cancellationToken) => Note("leave");

    public Task<WorkloadView?> FindAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<string?> FindAccountAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    private Task<bool> Note(string call)
    {
        Calls.Writer.TryWrite(call);
        return Task.FromResult(IsKnown);
    }
}
