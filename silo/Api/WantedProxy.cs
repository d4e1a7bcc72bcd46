using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Silo.Access;

namespace MeshOrleans.Silo.Api;

/// <summary>Which proxy somebody asks for. Clients name their nodes themselves, so that a name may be that of several.</summary>
/// <param name="NodeId">Its node id.</param>
/// <param name="SpiffeId">Its identity, empty for one without; null where any is meant.</param>
/// <param name="Rights">What whoever asks may see.</param>
internal sealed record WantedProxy(string NodeId, string? SpiffeId, AccessRights Rights)
{
    /// <summary>
    /// The one that is meant among those of the name: the only one that is connected; where none is, the last that was.
    /// </summary>
    public Choice Among(IEnumerable<ProxyView> ofThatName)
    {
        var seen = ofThatName
            .Where(view => (SpiffeId is null || view.Connection.SpiffeId == SpiffeId) && Rights.Sees(view.Connection.Namespace))
            .ToList();
        var connected = seen.Where(view => view.Connected).ToList();
        return connected switch
        {
            [var one] => new Choice.One(one),
            [] => seen.MaxBy(view => view.Since) is { } last ? new Choice.One(last) : new Choice.Nobody(),
            _ => new Choice.Several(
            [
                .. connected.Select(view => view.Connection.SpiffeId is { Length: > 0 } id ? id : "one without an identity")
                    .Order(StringComparer.Ordinal),
            ]),
        };
    }

    /// <summary>Whom a name means.</summary>
    internal abstract record Choice
    {
        private Choice()
        {
        }

        /// <summary>This one.</summary>
        public sealed record One(ProxyView View) : Choice;

        /// <summary>Several that are connected, of these identities.</summary>
        public sealed record Several(ImmutableArray<string> Identities) : Choice;

        /// <summary>Nobody, or nobody who may be seen.</summary>
        public sealed record Nobody : Choice;
    }
}
