namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>Which of the two discovery methods a stream speaks.</summary>
internal enum StreamProtocol
{
    /// <summary>Every response to a wildcard is the whole state.</summary>
    StateOfTheWorld,

    /// <summary>Responses name what changed and what is gone.</summary>
    Delta,
}
