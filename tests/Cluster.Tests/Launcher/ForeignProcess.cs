using System.Diagnostics;

namespace MeshOrleans.Cluster.Tests.Launcher;

/// <summary>A process that has nothing to do with the mesh, and does nothing until it is ended.</summary>
internal sealed class ForeignProcess : IDisposable
{
    private readonly Process _process =
        Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    /// <summary>Waits until it has ended.</summary>
    public async Task WaitForExitAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(bound.Token);
    }

    /// <summary>Ends it, and waits until it has.</summary>
    public Task EndAsync()
    {
        _process.Kill();
        return WaitForExitAsync();
    }

    public void Dispose()
    {
        if (IsRunning) _process.Kill();
        _process.Dispose();
    }
}
