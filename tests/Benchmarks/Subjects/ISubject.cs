using MeshOrleans.Benchmarks.Load;

namespace MeshOrleans.Benchmarks.Subjects;

/// <summary>What a phase changes: some slots, each of which takes one change after the other.</summary>
internal interface ISubject
{
    /// <summary>How many there are.</summary>
    int Slots { get; }

    /// <summary>Brings all of them into being.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Changes one, so that its payload bears the change's mark; returns when it is acknowledged.</summary>
    Task ChangeAsync(int slot, Change change, CancellationToken cancellationToken);
}
