using System.Reflection;

namespace MeshOrleans.Grains.Embedded;

/// <summary>The call proxy behind every reference to a grain.</summary>
internal class GrainReference : DispatchProxy, IGrainReference
{
    private ActivationCatalog? _catalog;
    private GrainClass? _class;

    public GrainId GrainId { get; private set; }

    public static object Create(Type grainInterface, ActivationCatalog catalog, GrainClass grainClass, GrainId grainId)
    {
        var reference = (GrainReference)Create(grainInterface, typeof(GrainReference));
        (reference._catalog, reference._class, reference.GrainId) = (catalog, grainClass, grainId);
        return reference;
    }

    public override bool Equals(object? obj) => obj is GrainReference other && other.GrainId == GrainId;

    public override int GetHashCode() => GrainId.GetHashCode();

    public override string ToString() => GrainId.ToString();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        GrainMethod.Of(targetMethod!).Send(_catalog!, GrainId, _class!, args ?? []);
}
