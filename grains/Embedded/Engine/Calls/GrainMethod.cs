using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Concurrency;

namespace MeshOrleans.Grains.Embedded;

/// <summary>One method of a grain interface: how it is called and how its answer travels.</summary>
internal abstract class GrainMethod(MethodInfo method)
{
    private static readonly ConcurrentDictionary<MethodInfo, GrainMethod> s_known = new();

    private readonly MethodInvoker _invoker = MethodInvoker.Create(method);

    public string Name { get; } = $"{method.DeclaringType!.Name}.{method.Name}";

    public bool AlwaysInterleaves { get; } = method.IsDefined(typeof(AlwaysInterleaveAttribute));

    public bool ReadOnly { get; } = method.IsDefined(typeof(ReadOnlyAttribute));

    /// <summary>Which parameter is the cancellation token; negative when none is.</summary>
    public int TokenIndex { get; } =
        Array.FindIndex(method.GetParameters(), p => p.ParameterType == typeof(CancellationToken));

    /// <summary>The way a method is called.</summary>
    /// <exception cref="InvalidOperationException">
    /// A method of this shape cannot be called from outside a grain.
    /// </exception>
    public static GrainMethod Of(MethodInfo method) => s_known.GetOrAdd(method, static m => Create(m));

    /// <summary>Calls from outside; what comes back is what the interface method returns.</summary>
    public abstract object Send(ActivationCatalog catalog, GrainId target, GrainClass grainClass, object?[] arguments);

    protected CancellationToken TokenOf(object?[] arguments) =>
        TokenIndex < 0 ? CancellationToken.None : (CancellationToken)arguments[TokenIndex]!;

    /// <summary>Calls the grain object itself, on its own scheduler, with the token of the callee's side.</summary>
    protected object CallGrain(object grain, object?[] arguments, CancellationToken token)
    {
        if (TokenIndex >= 0) arguments[TokenIndex] = token;
        return _invoker.Invoke(grain, arguments.AsSpan())
            ?? throw new InvalidOperationException($"{Name} of {grain.GetType()} returned null.");
    }

    private static GrainMethod Create(MethodInfo method)
    {
        if (method.GetParameters().Count(p => p.ParameterType == typeof(CancellationToken)) > 1)
            throw Refuse(method, "takes more than one CancellationToken");
        if (method.IsGenericMethod) throw Refuse(method, "is generic");

        var type = method.ReturnType;
        if (type == typeof(Task)) return AnswerMethod.OfTask(method);
        if (type == typeof(ValueTask)) return AnswerMethod.OfValueTask(method);
        if (type.IsGenericType)
        {
            var shape = type.GetGenericTypeDefinition();
            var result = type.GetGenericArguments();
            if (shape == typeof(Task<>)) return Generic(typeof(AnswerMethod), nameof(AnswerMethod.OfTaskResult));
            if (shape == typeof(ValueTask<>))
            {
                return Generic(typeof(AnswerMethod), nameof(AnswerMethod.OfValueTaskResult));
            }

            if (shape == typeof(IAsyncEnumerable<>)) return Generic(typeof(StreamMethod), nameof(StreamMethod.Of));

            GrainMethod Generic(Type factory, string name) =>
                (GrainMethod)factory.GetMethod(name)!.MakeGenericMethod(result).Invoke(null, [method])!;
        }

        throw Refuse(method, $"returns {type}; a grain answers with a task or an IAsyncEnumerable");
    }

    private static InvalidOperationException Refuse(MethodInfo method, string why) =>
        new($"{method.DeclaringType}.{method.Name} cannot be called: it {why}.");
}
