using System.Runtime.InteropServices;
using MeshOrleans.Proxy.Sidecar.Xds;

namespace MeshOrleans.Proxy.Sidecar.Process;

/// <summary>
/// How the process ends: SIGTERM, Ctrl-C or the admin interface ask once; asking again does not wait any
/// longer.
/// </summary>
internal sealed class Lifetime : IDisposable
{
    private readonly WorkloadHealth _health;
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _impatient = new();
    private readonly List<PosixSignalRegistration> _signals = [];

    public Lifetime(WorkloadHealth health) => _health = health;

    /// <summary>Completes when the process shall end.</summary>
    public Task Stopping => _stop.Task;

    /// <summary>Cancelled when whoever asked does not want to wait.</summary>
    public CancellationToken Impatient => _impatient.Token;

    public void ListenToSignals()
    {
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT })
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (Stopping.IsCompleted) _impatient.Cancel();
                RequestStop();
            }));
        }
    }

    /// <summary>Not ready any more, and the control plane is told; traffic that still comes is served.</summary>
    public void BeginDrain() => _health.Set(HealthReport.Draining);

    public void RequestStop()
    {
        BeginDrain();
        _stop.TrySetResult();
    }

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        _impatient.Dispose();
    }
}
