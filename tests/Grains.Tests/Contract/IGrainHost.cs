namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>What the contract needs of an engine. The suite itself knows nothing but Orleans' API.</summary>
public interface IGrainHost : IAsyncDisposable
{
    /// <summary>References to the grains of the running process.</summary>
    IGrainFactory Grains { get; }

    /// <summary>The shortest period of a reminder in this host.</summary>
    TimeSpan ReminderPeriod { get; }

    /// <summary>Ends the process and starts another one on the same storage.</summary>
    Task RestartAsync();

    /// <summary>Lets a little time pass.</summary>
    Task PassAsync(TimeSpan time);
}
