using System.Collections.Immutable;
using MeshOrleans.Model.Identity.Revocation;

namespace MeshOrleans.Grains.Identity.Revocations;

/// <summary>The operator's lists as they are in use, read once.</summary>
internal sealed class PluggedListView
{
    private readonly ImmutableArray<string> _pems;
    private readonly ImmutableArray<RevocationList> _lists;

    private PluggedListView(ImmutableArray<string> pems)
    {
        _pems = pems;
        _lists = [.. RevocationListReader.ReadTold(pems).Where(list => list.NextUpdate is not null)];
    }

    /// <summary>There are none.</summary>
    public static PluggedListView None { get; } = new([]);

    /// <summary>The same, or that of other lists.</summary>
    public PluggedListView For(ImmutableArray<string> pems) => pems == _pems ? this : new PluggedListView(pems);

    /// <summary>What their owner should do something about.</summary>
    /// <param name="fault">What is wrong with newer ones in the operator's folder; empty when nothing is.</param>
    /// <param name="now">The time.</param>
    public ImmutableArray<string> Warnings(string fault, DateTimeOffset now)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        foreach (var list in _lists.Where(list => list.NextUpdate <= now))
        {
            found.Add(
                $"The plugged-in list of revoked certificates of {HeldAuthorities.NameOf(list)} was to be renewed by "
                + $"{list.NextUpdate!.Value.UtcDateTime:u}: it goes on to count, but stock Envoys refuse what its issuer has signed "
                + "once they are given it. Put a renewed one in its place (ca-crl.pem).");
        }

        if (fault.Length > 0)
        {
            found.Add($"The plugged-in list of revoked certificates is not taken over, and what is in use stays: {fault}");
        }

        return found.ToImmutable();
    }
}
