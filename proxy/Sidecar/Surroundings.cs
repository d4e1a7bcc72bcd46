using MeshOrleans.Model;

namespace MeshOrleans.Proxy.Sidecar;

/// <summary>What a test decides and production takes as it comes.</summary>
internal sealed record Surroundings(TimeProvider Clock, IRandomSource Random);
