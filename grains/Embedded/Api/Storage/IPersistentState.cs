using Orleans.Core;

namespace Orleans.Runtime;

/// <summary>The saved state of a grain, read before <see cref="Grain.OnActivateAsync"/>.</summary>
public interface IPersistentState<TState> : IStorage<TState>;
