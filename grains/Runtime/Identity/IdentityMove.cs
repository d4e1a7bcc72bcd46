namespace MeshOrleans.Grains.Identity;

/// <summary>How what a former version has saved of an identity, in one record, comes into parts.</summary>
internal static class IdentityMove
{
    /// <summary>The pieces of a record, by the part to which each belongs; none when there is nothing in it.</summary>
    public static Dictionary<int, IdentityState> Split(IdentityState former)
    {
        var pieces = new Dictionary<int, IdentityState>();
        foreach (var (node, view) in former.Certificates)
        {
            Put(node, piece => piece with { Certificates = piece.Certificates.SetItem(node, view) });
        }

        foreach (var request in former.Requests)
        {
            Put(request.Key.NodeId, piece => piece with { Requests = piece.Requests.Add(request) });
        }

        foreach (var (key, entry) in former.Entries.Held)
        {
            var node = key[(key.IndexOf('|', StringComparison.Ordinal) + 1)..];
            Put(node, piece => piece with
            {
                Entries = piece.Entries with { Held = piece.Entries.Held.SetItem(key, entry) },
            });
        }

        foreach (var (key, node) in former.Attested)
        {
            // by what the proof calls the node, which is in the key alone: admitted wherever it is found
            Put(key, piece => piece with { Attested = piece.Attested.SetItem(key, node) });
        }

        return pieces;

        void Put(string node, Func<IdentityState, IdentityState> with)
        {
            var place = IdentityParts.PlaceOf(node);
            pieces[place] = with(pieces.GetValueOrDefault(place) ?? Rest(former));
        }
    }

    /// <summary>A part with a piece. What both know is taken from whichever is newer.</summary>
    public static IdentityState Merge(IdentityState part, IdentityState piece, string spiffeId)
    {
        var certificates = part.Certificates.SetItems(piece.Certificates.Where(
            c => part.Certificates.GetValueOrDefault(c.Key) is not { } held || held.NotBefore < c.Value.NotBefore));
        var known = part.Requests.Select(r => r.Key).ToHashSet();
        var held = part.Entries.Held.SetItems(piece.Entries.Held.Where(
            e => part.Entries.Held.GetValueOrDefault(e.Key) is not { } own || own.Version < e.Value.Version));
        var merged = part with
        {
            Certificates = certificates,
            Requests = [.. part.Requests, .. piece.Requests.Where(r => !known.Contains(r.Key))],
            Attested = part.Attested.SetItems(piece.Attested.Where(
                a => part.Attested.GetValueOrDefault(a.Key) is not { } own || own.At < a.Value.At)),
            Entries = new OwnedEntries { Version = Math.Max(part.Entries.Version, piece.Entries.Version), Held = held },
        };
        return merged with { Entries = IdentityMachine.Told(merged, spiffeId) };
    }

    /// <summary>What stays of the record, and what a part begins with: from where generations and versions go on.</summary>
    public static IdentityState Rest(IdentityState former) => new()
    {
        Generation = former.Generation, Entries = new OwnedEntries { Version = former.Entries.Version },
    };
}
