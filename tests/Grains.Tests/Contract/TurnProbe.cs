using Orleans.Concurrency;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>A grain that shows how turns are run.</summary>
public interface ITurnProbe : IGrainWithStringKey
{
    Task<string> KeyAsync();

    /// <summary>Which activation of this grain answers, from one on.</summary>
    Task<int> ActivationAsync();

    /// <summary>Adds one in several awaits; a lost update shows an overlap.</summary>
    Task<int> AddSlowlyAsync();

    Task AppendAsync(int number);

    Task<int[]> AppendedAsync();

    Task HoldAsync(string gate, CancellationToken cancellationToken);

    [AlwaysInterleave]
    Task<int> InterleaveAsync();

    [ReadOnly]
    Task HoldReadAsync(string gate);

    [ReadOnly]
    Task<int> ReadAsync();

    ValueTask<int> DoubleAsync(int number);

    ValueTask NothingAsync();

    Task FailAsync(string message);

    Task DeactivateAsync();

    Task FailActivationAsync(int times);
}

internal sealed class TurnProbe : Grain, ITurnProbe
{
    private readonly List<int> _appended = [];
    private int _activation;
    private int _sum;

    private string Key => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Journal.Note(Key, "activated");
        var failures = Journal.Of(Key).Count(e => e == "fail next") - Journal.Of(Key).Count(e => e == "failed");
        if (failures > 0)
        {
            Journal.Note(Key, "failed");
            throw new InvalidOperationException("not today");
        }

        _activation = Journal.Of(Key).Count(e => e == "activated");
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Journal.Note(Key, $"deactivated {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task<string> KeyAsync() => Task.FromResult(Key);

    public Task<int> ActivationAsync() => Task.FromResult(_activation);

    public async Task<int> AddSlowlyAsync()
    {
        var before = _sum;
        for (var i = 0; i < 3; i++) await Task.Yield();
        return _sum = before + 1;
    }

    public async Task AppendAsync(int number)
    {
        await Task.Yield();
        _appended.Add(number);
    }

    public Task<int[]> AppendedAsync() => Task.FromResult(_appended.ToArray());

    public async Task HoldAsync(string gate, CancellationToken cancellationToken)
    {
        try
        {
            await Gate.Of(gate).PassAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Journal.Note(Key, "cancelled");
            throw;
        }
    }

    public Task<int> InterleaveAsync() => Task.FromResult(_activation);

    public Task HoldReadAsync(string gate) => Gate.Of(gate).PassAsync();

    public Task<int> ReadAsync() => Task.FromResult(_sum);

    public ValueTask<int> DoubleAsync(int number) => new(number * 2);

    public async ValueTask NothingAsync() => await Task.Yield();

    public Task FailAsync(string message) => throw new InvalidOperationException(message);

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task FailActivationAsync(int times)
    {
        for (var i = 0; i < times; i++) Journal.Note(Key, "fail next");
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

/// <summary>A grain whose calls may all interleave.</summary>
public interface IReentrantProbe : IGrainWithStringKey
{
    Task HoldAsync(string gate);

    Task<int> AnswerAsync();
}

[Reentrant]
internal sealed class ReentrantProbe : Grain, IReentrantProbe
{
    public Task HoldAsync(string gate) => Gate.Of(gate).PassAsync();

    public Task<int> AnswerAsync() => Task.FromResult(42);
}
