using System.Reflection;

namespace MeshOrleans.Grains.Embedded;

/// <summary>A method with one answer.</summary>
/// <param name="method">The interface method.</param>
/// <param name="toTask">From what the grain returned to a task.</param>
/// <param name="toReturn">From a task to what the caller expects.</param>
internal sealed class AnswerMethod<T>(MethodInfo method, Func<object, Task<T>> toTask, Func<Task<T>, object> toReturn)
    : GrainMethod(method)
{
    public override object Send(
        ActivationCatalog catalog, GrainId target, GrainClass grainClass, object?[] arguments)
    {
        var call = new GrainCall<T>(
            Name,
            target,
            (activation, token) => toTask(CallGrain(activation.Grain, arguments, token)),
            TokenOf(arguments))
        {
            Interleaves = AlwaysInterleaves || grainClass.Reentrant,
            ReadOnly = ReadOnly,
        };
        return toReturn(catalog.Send(call, grainClass));
    }
}

/// <summary>The four shapes of an answer.</summary>
internal static class AnswerMethod
{
    public static GrainMethod OfTask(MethodInfo method) =>
        new AnswerMethod<Nothing>(method, static returned => Await((Task)returned), static task => task);

    public static GrainMethod OfValueTask(MethodInfo method) => new AnswerMethod<Nothing>(
        method, static returned => Await(((ValueTask)returned).AsTask()), static task => new ValueTask(task));

    public static GrainMethod OfTaskResult<T>(MethodInfo method) =>
        new AnswerMethod<T>(method, static returned => (Task<T>)returned, static task => task);

    public static GrainMethod OfValueTaskResult<T>(MethodInfo method) => new AnswerMethod<T>(
        method, static returned => ((ValueTask<T>)returned).AsTask(), static task => new ValueTask<T>(task));

    private static async Task<Nothing> Await(Task task)
    {
        await task;
        return default;
    }
}

/// <summary>The answer of a method that has none.</summary>
internal readonly struct Nothing;
