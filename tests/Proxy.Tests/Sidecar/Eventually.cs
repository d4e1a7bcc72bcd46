namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>Waits for what another thread brings about, and says what is missing when it does not come.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task HoldsAsync(string what, Func<bool> condition) =>
        HoldsAsync(what, () => ValueTask.FromResult(condition()));

    public static async Task HoldsAsync(string what, Func<ValueTask<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            try
            {
                await timer.WaitForNextTickAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"After {Patience.TotalSeconds:0} s there is still no {what}.");
            }
        }
    }
}
