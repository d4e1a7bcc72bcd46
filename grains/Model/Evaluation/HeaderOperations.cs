using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>What setting a header does when it is there already (<c>HeaderValueOption.append_action</c>).</summary>
public enum HeaderAppendAction
{
    /// <summary>Adds a further value.</summary>
    Append,

    /// <summary>Keeps what is there.</summary>
    AddIfAbsent,

    /// <summary>Replaces what is there, or adds.</summary>
    Overwrite,

    /// <summary>Replaces what is there, and does not add.</summary>
    OverwriteIfExists,
}

/// <summary>One header to set.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value, perhaps with placeholders.</param>
/// <param name="Action">What to do when it is there already.</param>
public sealed record HeaderMutation(string Name, HeaderValueTemplate Value, HeaderAppendAction Action);

/// <summary>The header changes of one level. Removals run first, then the settings in their order.</summary>
/// <param name="Remove">The names to remove.</param>
/// <param name="Set">What to set.</param>
/// <remarks>
/// Levels run cluster, route, host, table (the last writer wins), or the other way round with
/// <see cref="RouteTableModel.MostSpecificHeaderMutationsWin"/>. Source: Envoy, <c>HeaderParser::evaluateHeaders</c>.
/// </remarks>
public sealed record HeaderOperations(ImmutableArray<string> Remove, ImmutableArray<HeaderMutation> Set)
{
    /// <summary>Changes nothing.</summary>
    public static HeaderOperations None { get; } = new([], []);

    /// <summary>True when nothing changes.</summary>
    public bool IsEmpty => Remove.IsEmpty && Set.IsEmpty;
}
