namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>The engine that the suite is built for.</summary>
internal static class GrainHosts
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    public static Task<IGrainHost> StartAsync() =>
#if MESH_ENGINE_ORLEANS
        OrleansGrainHost.StartAsync();
#else
        EmbeddedGrainHost.StartAsync();
#endif

    /// <summary>Lets time pass until something has happened; says what is missing when it never does.</summary>
    public static async Task UntilAsync(
        this IGrainHost host, Func<Task<bool>> happened, string what, TimeSpan? step = null)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await happened())
        {
            if (TimeProvider.System.GetElapsedTime(start) > s_patience) Assert.Fail($"This never happened: {what}.");
            await host.PassAsync(step ?? s_step);
        }
    }

    public static Task UntilAsync(this IGrainHost host, Func<bool> happened, string what, TimeSpan? step = null) =>
        host.UntilAsync(() => Task.FromResult(happened()), what, step);

    /// <summary>Waits for what must come without any time passing.</summary>
    public static Task<T> SoonAsync<T>(this Task<T> task) => task.WaitAsync(s_patience);

    public static Task SoonAsync(this Task task) => task.WaitAsync(s_patience);
}
