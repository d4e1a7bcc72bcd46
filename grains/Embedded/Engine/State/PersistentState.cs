using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace MeshOrleans.Grains.Embedded;

/// <summary>
/// One saved state of one activation. Operations on it follow one another in the order they were asked for.
/// </summary>
internal sealed class PersistentState<TState>(Activation activation, GrainStateKey key, IGrainStateStore store)
    : IPersistentState<TState>, IGrainState
{
    private Task _last = Task.CompletedTask;

    public TState State { get; set; } = Blank();

    public string? Etag { get; private set; }

    public bool RecordExists { get; private set; }

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public Task ReadStateAsync(CancellationToken cancellationToken) => InOrder(async () =>
    {
        var stored = await store.ReadAsync(key, cancellationToken);
        State = stored is null ? Blank() : Parse(stored.Json);
        (Etag, RecordExists) = (stored?.ETag, stored is not null);
    });

    public Task WriteStateAsync(CancellationToken cancellationToken) => InOrder(async () =>
    {
        var json = JsonSerializer.Serialize(State, StateJson.Options);
        var removableFrom = State is null ? null : activation.Catalog.Options.RemovableFrom(State);
        Etag = await store.WriteAsync(key, json, removableFrom, Etag, cancellationToken);
        RecordExists = true;
    });

    public Task ClearStateAsync(CancellationToken cancellationToken) => InOrder(async () =>
    {
        await store.ClearAsync(key, Etag, cancellationToken);
        State = Blank();
        (Etag, RecordExists) = (null, false);
    });

    private static TState Blank()
    {
        var type = typeof(TState);
        if (type.IsValueType || type == typeof(string)) return default!;
        const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        return type.GetConstructor(Any, Type.EmptyTypes) is { } constructor
            ? (TState)constructor.Invoke(null)
            : (TState)RuntimeHelpers.GetUninitializedObject(type);
    }

    private TState Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<TState>(json, StateJson.Options)!;
        }
        catch (JsonException exception)
        {
            throw new OrleansException($"What is saved as {key} is not a {typeof(TState)}.", exception);
        }
    }

    private Task InOrder(Func<Task> operation)
    {
        if (ActivationScheduler.Current != activation.Scheduler)
            throw new InvalidOperationException($"{key} may be used on its grain's own turns only.");
        return _last = AfterAsync(_last, operation);
    }

    private static async Task AfterAsync(Task before, Func<Task> operation)
    {
        await before.ConfigureAwait(
            ConfigureAwaitOptions.ContinueOnCapturedContext
            | ConfigureAwaitOptions.SuppressThrowing
            | ConfigureAwaitOptions.ForceYielding);
        await operation();
    }
}
