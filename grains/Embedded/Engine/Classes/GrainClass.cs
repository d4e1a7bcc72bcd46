using System.Reflection;
using Orleans.Concurrency;

namespace MeshOrleans.Grains.Embedded;

/// <summary>What is known of one grain class before any of its grains is activated.</summary>
internal sealed class GrainClass
{
    private static readonly HashSet<Type> s_markers =
        [typeof(IGrain), typeof(IGrainWithStringKey), typeof(IRemindable)];
    private readonly GrainConstructor _constructor;

    public GrainClass(Type type, TimeSpan defaultCollectionAge)
    {
        Type = type;
        GrainType = GrainType.Create(type.GetCustomAttribute<GrainTypeAttribute>()?.GrainType ?? DefaultName(type));
        Interfaces = [.. type.GetInterfaces().Where(i => i.IsAssignableTo(typeof(IGrain)) && !s_markers.Contains(i))];
        Reentrant = type.IsDefined(typeof(ReentrantAttribute), inherit: true);
        CollectionAge = AgeOf(type, defaultCollectionAge);
        _constructor = new GrainConstructor(type);
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public IReadOnlyList<Type> Interfaces { get; }

    public bool Reentrant { get; }

    /// <summary>Idle time after which an activation is collected; infinite for never.</summary>
    public TimeSpan CollectionAge { get; }

    public static bool IsGrainClass(Type type) =>
        type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }
        && type.IsAssignableTo(typeof(IGrainBase))
        && type.IsAssignableTo(typeof(IGrainWithStringKey));

    /// <summary>Makes the grain object, on its own scheduler; its saved states are not read yet.</summary>
    public IGrainBase Construct(Activation activation) => _constructor.Construct(activation);

    private static string DefaultName(Type type)
    {
        const string Suffix = "Grain";
        var name = type.Name;
        if (name.EndsWith(Suffix, StringComparison.Ordinal) && name.Length > Suffix.Length)
        {
            name = name[..^Suffix.Length];
        }

        return name.ToLowerInvariant();
    }

    private static TimeSpan AgeOf(Type type, TimeSpan defaultAge)
    {
        if (type.IsDefined(typeof(KeepAliveAttribute), inherit: true)) return Timeout.InfiniteTimeSpan;
        return type.GetCustomAttribute<CollectionAgeLimitAttribute>()?.AgeLimit ?? defaultAge;
    }
}
