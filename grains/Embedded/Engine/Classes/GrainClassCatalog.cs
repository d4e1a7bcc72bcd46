namespace MeshOrleans.Grains.Embedded;

/// <summary>
/// Which class serves which interface. Everything that is wrong with the grains is told when this is made.
/// </summary>
internal sealed class GrainClassCatalog
{
    private readonly Dictionary<GrainType, GrainClass> _byType = [];
    private readonly Dictionary<Type, List<GrainClass>> _byInterface = [];

    public GrainClassCatalog(EmbeddedGrainOptions options)
    {
        foreach (var type in options.Assemblies.SelectMany(a => a.GetTypes()).Where(GrainClass.IsGrainClass))
            Add(new GrainClass(type, options.CollectionAge));
    }

    public bool TryFind(GrainType type, out GrainClass? grainClass) => _byType.TryGetValue(type, out grainClass);

    /// <summary>The class behind an interface.</summary>
    /// <exception cref="ArgumentException">
    /// There is none, or there are several and the prefix does not choose one.
    /// </exception>
    public GrainClass Find(Type grainInterface, string? classNamePrefix)
    {
        if (!_byInterface.TryGetValue(grainInterface, out var classes))
            throw new ArgumentException($"No grain class implements {grainInterface}.", nameof(grainInterface));

        var chosen = classNamePrefix is null
            ? classes
            : classes.FindAll(c => c.Type.FullName!.StartsWith(classNamePrefix, StringComparison.Ordinal));
        if (chosen.Count == 1) return chosen[0];
        throw new ArgumentException(
            $"{chosen.Count} grain classes implement {grainInterface} and have names that start with "
            + $"'{classNamePrefix}': {string.Join(", ", classes.Select(c => c.Type))}.",
            nameof(classNamePrefix));
    }

    private void Add(GrainClass grainClass)
    {
        if (!_byType.TryAdd(grainClass.GrainType, grainClass))
        {
            throw new InvalidOperationException(
                $"{grainClass.Type} and {_byType[grainClass.GrainType].Type} are both of grain type "
                + $"'{grainClass.GrainType}'; tell them apart with [GrainType].");
        }

        foreach (var grainInterface in grainClass.Interfaces)
        {
            // throws for what cannot be called
            foreach (var method in grainInterface.GetMethods()) GrainMethod.Of(method);
            if (!_byInterface.TryGetValue(grainInterface, out var classes)) _byInterface[grainInterface] = classes = [];
            classes.Add(grainClass);
        }
    }
}
