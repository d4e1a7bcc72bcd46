namespace Orleans.Runtime;

/// <summary>
/// The activation under construction on this thread, so that a grain's constructor needs no argument for it.
/// </summary>
internal static class RuntimeContext
{
    [ThreadStatic]
    private static IGrainContext? _current;

    public static IGrainContext? Current
    {
        get => _current;
        set => _current = value;
    }

    public static T Require<T>(this IGrainContext? context) where T : class =>
        context?.ActivationServices.GetService(typeof(T)) as T
        ?? throw new InvalidOperationException($"No {typeof(T).Name}: this grain was not activated by a runtime.");
}
