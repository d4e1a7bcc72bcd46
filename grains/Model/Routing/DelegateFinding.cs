namespace MeshOrleans.Model.Routing;

/// <summary>Why what a root delegates is not carried out.</summary>
public enum DelegateProblem
{
    /// <summary>There is no such VirtualService, or it has hosts of its own.</summary>
    Missing,

    /// <summary>It is not exported to the root's namespace.</summary>
    NotVisible,

    /// <summary>One of its routes takes requests that the root's entry does not.</summary>
    Outside,
}

/// <summary>Something that a root delegates and that is left out.</summary>
/// <param name="RootRoute">The entry of the root's <c>http</c>, counted from 0.</param>
/// <param name="Delegate">The delegate's namespace and name, as <c>namespace/name</c>.</param>
/// <param name="Problem">Why it is left out.</param>
/// <param name="DelegateRoute">The entry of the delegate's <c>http</c>; null when all of it is left out.</param>
public sealed record DelegateFinding(
    int RootRoute, string Delegate, DelegateProblem Problem, int? DelegateRoute = null);
