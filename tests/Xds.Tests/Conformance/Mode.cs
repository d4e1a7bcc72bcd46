namespace MeshOrleans.Xds.Tests.Conformance;

/// <summary>The two methods of the aggregated discovery service.</summary>
public enum Mode
{
    StateOfTheWorld,
    Delta,
}
