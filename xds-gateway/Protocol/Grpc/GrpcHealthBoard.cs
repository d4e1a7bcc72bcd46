using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using static MeshOrleans.Xds.Protocol.Health.HealthCheckResponse.Types;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>
/// What a server says of its own health, service by service; the empty name stands for the whole server.
/// </summary>
public sealed class GrpcHealthBoard
{
    private State _state = new(
        ImmutableDictionary.Create<string, ServingStatus>(StringComparer.Ordinal).Add("", ServingStatus.NotServing),
        new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Says how a service stands. Watchers hear of it when it changes.</summary>
    public void Set(string service, ServingStatus status)
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state.Statuses.TryGetValue(service, out var held) && held == status) return;
            var next = new State(
                state.Statuses.SetItem(service, status),
                new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            if (Interlocked.CompareExchange(ref _state, next, state) != state) continue;
            state.Changed.SetResult();
            return;
        }
    }

    /// <summary>How a service stands; null when there is none of that name.</summary>
    public ServingStatus? Find(string service) =>
        Volatile.Read(ref _state).Statuses.TryGetValue(service, out var status) ? status : null;

    /// <summary>How a service stands, now and after each change, without end.</summary>
    public async IAsyncEnumerable<ServingStatus> WatchAsync(
        string service, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ServingStatus? last = null;
        while (true)
        {
            var state = Volatile.Read(ref _state);
            var status = state.Statuses.GetValueOrDefault(service, ServingStatus.ServiceUnknown);
            if (status != last) yield return status;
            last = status;
            await state.Changed.Task.WaitAsync(cancellationToken);
        }
    }

    private sealed record State(ImmutableDictionary<string, ServingStatus> Statuses, TaskCompletionSource Changed);
}
