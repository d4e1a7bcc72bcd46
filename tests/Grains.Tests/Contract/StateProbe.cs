using System.Collections.Immutable;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>A grain with saved state.</summary>
public interface IStateProbe : IGrainWithStringKey
{
    Task<ProbeState> ReadAsync();

    Task WriteAsync(string text);

    Task WriteAllAsync(ProbeState state, CancellationToken cancellationToken);

    Task ClearAsync();

    Task<string?> EtagAsync();

    Task<bool> RecordExistsAsync();

    /// <summary>Reads again what is saved, over what is in memory.</summary>
    Task<string?> ReloadAsync();

    /// <summary>Sets the state in memory, writes behind its back, then tries to write it.</summary>
    Task ConflictAsync(string lost, string saved);

    /// <summary>The same, but the grain swallows the exception.</summary>
    Task<string?> SwallowConflictAsync(string lost, string saved);

    Task DeactivateAsync();
}

/// <summary>A state with all the shapes that the mesh's grains save.</summary>
[GenerateSerializer]
public sealed record ProbeState
{
    [Id(0)]
    public string? Text { get; set; }

    [Id(1)]
    public ImmutableArray<string> Items { get; set; }

    [Id(2)]
    public ImmutableDictionary<string, ProbeCase> Cases { get; set; } = ImmutableDictionary<string, ProbeCase>.Empty;

    [Id(3)]
    public DateTimeOffset At { get; set; }

    [Id(4)]
    public TimeSpan? For { get; set; }

    [Id(5)]
    public ImmutableSortedDictionary<string, int> Sorted { get; set; } = ImmutableSortedDictionary<string, int>.Empty;

    [Id(6)]
    public ProbePair? Pair { get; set; }
}

/// <summary>A closed set.</summary>
[GenerateSerializer]
public abstract record ProbeCase
{
    private ProbeCase()
    {
    }

    [GenerateSerializer]
    public sealed record Named([property: Id(0)] string Name) : ProbeCase;

    [GenerateSerializer]
    public sealed record Counted([property: Id(0)] int Count, [property: Id(1)] ImmutableArray<byte> Bytes) : ProbeCase;
}

[GenerateSerializer]
public sealed record ProbePair([property: Id(0)] string Left, [property: Id(1)] long Right);

/// <summary>Two states of one name are one record: so the second is the other writer.</summary>
internal sealed class StateProbe(
    [PersistentState("probe", StorageNames.Mesh)] IPersistentState<ProbeState> state,
    [PersistentState("probe", StorageNames.Mesh)] IPersistentState<ProbeState> other) : Grain, IStateProbe
{
    public Task<ProbeState> ReadAsync() => Task.FromResult(state.State);

    public Task WriteAsync(string text)
    {
        state.State.Text = text;
        return state.WriteStateAsync();
    }

    public Task WriteAllAsync(ProbeState all, CancellationToken cancellationToken)
    {
        state.State = all;
        return state.WriteStateAsync(cancellationToken);
    }

    public Task ClearAsync() => state.ClearStateAsync();

    public Task<string?> EtagAsync() => Task.FromResult(state.Etag);

    public Task<bool> RecordExistsAsync() => Task.FromResult(state.RecordExists);

    public async Task<string?> ReloadAsync()
    {
        await state.ReadStateAsync();
        return state.State.Text;
    }

    public async Task ConflictAsync(string lost, string saved)
    {
        await other.ReadStateAsync();
        other.State.Text = saved;
        await other.WriteStateAsync();
        state.State.Text = lost;
        await state.WriteStateAsync();
    }

    public async Task<string?> SwallowConflictAsync(string lost, string saved)
    {
        try
        {
            await ConflictAsync(lost, saved);
        }
        catch (Orleans.Storage.InconsistentStateException)
        {
            return await ReloadAsync();
        }

        return null;
    }

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
