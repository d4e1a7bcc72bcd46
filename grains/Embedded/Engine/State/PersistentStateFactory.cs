using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace MeshOrleans.Grains.Embedded;

/// <summary>Makes the states that a grain's constructor asks for.</summary>
internal static class PersistentStateFactory
{
    private const string DefaultStorage = "Default";

    /// <summary>A way to make states for parameters of this type.</summary>
    /// <exception cref="InvalidOperationException">
    /// The type is not an <see cref="IPersistentState{TState}"/>.
    /// </exception>
    public static Func<Activation, PersistentStateAttribute, object> For(Type parameterType)
    {
        if (!parameterType.IsGenericType || parameterType.GetGenericTypeDefinition() != typeof(IPersistentState<>))
            throw new InvalidOperationException($"[PersistentState] marks a {parameterType}, not an IPersistentState.");

        return typeof(PersistentStateFactory)
            .GetMethod(nameof(Create), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(parameterType.GetGenericArguments())
            .CreateDelegate<Func<Activation, PersistentStateAttribute, object>>();
    }

    private static PersistentState<TState> Create<TState>(Activation activation, PersistentStateAttribute attribute)
    {
        var services = activation.ActivationServices;
        var store = services.GetKeyedService<IGrainStateStore>(attribute.StorageName)
            ?? services.GetRequiredService<IGrainStateStore>();
        var key = new GrainStateKey(
            attribute.StorageName ?? DefaultStorage,
            activation.GrainId.Type.ToString(),
            attribute.StateName,
            activation.GrainId.Key.ToString());
        var state = new PersistentState<TState>(activation, key, store);
        activation.AddState(state);
        return state;
    }
}
