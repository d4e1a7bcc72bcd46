using System.Reflection;

namespace MeshOrleans.Grains.Embedded;

/// <summary>Which grains are hosted, and how long things may take.</summary>
public sealed class EmbeddedGrainOptions
{
    private readonly HashSet<Assembly> _assemblies = [];

    internal IReadOnlyCollection<Assembly> Assemblies => _assemblies;

    /// <summary>How long an activation may be idle before it is collected.</summary>
    /// <value>15 minutes by default.</value>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How often idle activations are looked for.</summary>
    /// <value>One minute by default.</value>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a caller waits for an answer.</summary>
    /// <value>30 s by default. It also ends the deadlock of two grains that call each other.</value>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long reading a grain's state and OnActivateAsync may take.</summary>
    /// <value>30 s by default.</value>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long OnDeactivateAsync may take; on shutdown, how long all of it may take.</summary>
    /// <value>30 s by default.</value>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The shortest period of a reminder; shorter ones are refused.</summary>
    /// <value>One minute by default.</value>
    public TimeSpan MinimumReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>From when on a store may remove a state; asked at each write.</summary>
    /// <value>Null for every state by default: none is ever removed.</value>
    public Func<object, DateTimeOffset?> RemovableFrom { get; set; } = _ => null;

    /// <summary>Hosts every grain class of an assembly.</summary>
    public EmbeddedGrainOptions AddAssembly(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        _assemblies.Add(assembly);
        return this;
    }

    internal void Validate()
    {
        Positive(CollectionAge, nameof(CollectionAge));
        Positive(CollectionQuantum, nameof(CollectionQuantum));
        Positive(CallTimeout, nameof(CallTimeout));
        Positive(ActivationTimeout, nameof(ActivationTimeout));
        Positive(DeactivationTimeout, nameof(DeactivationTimeout));
        Positive(MinimumReminderPeriod, nameof(MinimumReminderPeriod));
    }

    private static void Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(name, value, $"{name} must be above zero.");
    }
}
