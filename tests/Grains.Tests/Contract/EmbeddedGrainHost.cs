#if !MESH_ENGINE_ORLEANS
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>The embedded engine with a clock that the tests move.</summary>
internal sealed class EmbeddedGrainHost : IGrainHost
{
    private readonly MemoryGrainStateStore _states = new();
    private readonly MemoryReminderStore _reminders = new();
    private readonly Action<EmbeddedGrainOptions> _configure;
    private IHost _host = null!;
    private bool _stopped;

    private EmbeddedGrainHost(Action<EmbeddedGrainOptions> configure) => _configure = configure;

    public ManualTimeProvider Clock { get; } = new();

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public IServiceProvider Services => _host.Services;

    public TimeSpan ReminderPeriod => TimeSpan.FromMinutes(1);

    public static async Task<IGrainHost> StartAsync() => await StartAsync(_ => { });

    public static async Task<EmbeddedGrainHost> StartAsync(Action<EmbeddedGrainOptions> configure)
    {
        var host = new EmbeddedGrainHost(configure);
        await host.StartHostAsync();
        return host;
    }

    public async Task RestartAsync()
    {
        await DisposeAsync();
        await StartHostAsync();
    }

    public async Task PassAsync(TimeSpan time)
    {
        Clock.Advance(time);
        await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System); // what the timers set off gets its turn
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopped) return;
        _stopped = true;
        await _host.StopAsync();
        _host.Dispose();
    }

    private Task StartHostAsync()
    {
        var builder = new HostApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddSingleton<IGrainStateStore>(_states);
        builder.Services.AddSingleton<IReminderStore>(_reminders);
        builder.Services.AddEmbeddedGrains(options =>
        {
            options.AddAssembly(typeof(EmbeddedGrainHost).Assembly);
            _configure(options);
        });
        _host = builder.Build();
        _stopped = false;
        return _host.StartAsync();
    }
}
#endif
