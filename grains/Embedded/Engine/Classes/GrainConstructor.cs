using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace MeshOrleans.Grains.Embedded;

/// <summary>Calls a grain class's constructor with services and saved states.</summary>
internal sealed class GrainConstructor
{
    private readonly ConstructorInvoker _invoker;
    private readonly Func<Activation, object?>[] _arguments;

    public GrainConstructor(Type type)
    {
        const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var constructors = type.GetConstructors(Any);
        var chosen = constructors.Length == 1
            ? constructors[0]
            : constructors.SingleOrDefault(c => c.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute)))
              ?? throw new InvalidOperationException($"{type} must have one constructor, or mark one for injection.");
        _invoker = ConstructorInvoker.Create(chosen);
        _arguments = [.. chosen.GetParameters().Select(Source)];
    }

    public IGrainBase Construct(Activation activation)
    {
        var arguments = Array.ConvertAll(_arguments, argument => argument(activation));
        var outer = RuntimeContext.Current;
        RuntimeContext.Current = activation;
        try
        {
            return (IGrainBase)_invoker.Invoke(arguments.AsSpan());
        }
        finally
        {
            RuntimeContext.Current = outer;
        }
    }

    private static Func<Activation, object?> Source(ParameterInfo parameter)
    {
        if (parameter.GetCustomAttribute<PersistentStateAttribute>() is { } state)
        {
            var create = PersistentStateFactory.For(parameter.ParameterType);
            return activation => create(activation, state);
        }

        if (parameter.ParameterType == typeof(IGrainContext)) return activation => activation;

        if (parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { Key: { } key })
            return activation => activation.ActivationServices.GetRequiredKeyedService(parameter.ParameterType, key);

        return activation => activation.ActivationServices.GetService(parameter.ParameterType)
            ?? (parameter.HasDefaultValue ? parameter.DefaultValue : throw Missing(parameter));
    }

    private static InvalidOperationException Missing(ParameterInfo parameter) => new(
        $"No service of type {parameter.ParameterType} for parameter '{parameter.Name}' "
        + $"of {parameter.Member.DeclaringType}.");
}
