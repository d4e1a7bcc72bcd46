namespace MeshOrleans.Xds.Gateway.Subscriptions;

/// <summary>What a request means.</summary>
internal enum RequestKind
{
    /// <summary>The client begins with a type, or begins anew.</summary>
    Subscribe,

    /// <summary>It has taken over the last response.</summary>
    Ack,

    /// <summary>It has refused the last response.</summary>
    Nack,

    /// <summary>It answers a response that a later one has replaced.</summary>
    Stale,

    /// <summary>
    /// It wants other names than before; where it carries the last nonce, it is an acknowledgement too.
    /// </summary>
    Change,

    /// <summary>It wants nothing of the type any more.</summary>
    Unsubscribe,
}
