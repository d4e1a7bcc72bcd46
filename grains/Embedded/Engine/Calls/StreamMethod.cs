using System.Reflection;

namespace MeshOrleans.Grains.Embedded;

/// <summary>A method that answers with a stream. Nothing happens until somebody enumerates.</summary>
internal sealed class StreamMethod<T>(MethodInfo method) : GrainMethod(method)
{
    public override object Send(
        ActivationCatalog catalog, GrainId target, GrainClass grainClass, object?[] arguments)
    {
        // Several enumerations may share the arguments, so each works on its own copy.
        return new GrainStream<T>(
            Name,
            target,
            (activation, token) =>
                (IAsyncEnumerable<T>)CallGrain(activation.Grain, (object?[])arguments.Clone(), token),
            call => catalog.Send(call, grainClass),
            TokenOf(arguments));
    }
}

/// <summary>Makes stream methods by reflection.</summary>
internal static class StreamMethod
{
    public static GrainMethod Of<T>(MethodInfo method) => new StreamMethod<T>(method);
}
