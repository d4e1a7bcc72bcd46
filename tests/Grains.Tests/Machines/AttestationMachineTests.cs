using System.Collections.Immutable;
using MeshOrleans.Grains.Identity;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class AttestationMachineTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly ImmutableDictionary<string, AttestedNode> None = ImmutableDictionary<string, AttestedNode>.Empty;
    private static readonly NodeProof Once = new("pod/u1", MayRepeat: false);

    [Fact]
    public void A_node_is_admitted_once_and_the_same_request_for_five_minutes()
    {
        var known = AttestationMachine.Record(None, Once, "CSR", Start);

        Assert.True(Admits(None, Once, "CSR", Start));
        Assert.True(Admits(known, Once, "CSR", Start + AttestationMachine.Repetition - TimeSpan.FromTicks(1)));
        Assert.False(Admits(known, Once, "CSR", Start + AttestationMachine.Repetition));
        Assert.False(Admits(known, Once, "OTHER", Start));
        Assert.False(Admits(known, Once, "", Start));
        Assert.True(Admits(known, Once with { MayRepeat = true }, "OTHER", Start));
        Assert.True(Admits(known, new NodeProof("pod/u2", MayRepeat: false), "OTHER", Start));
    }

    [Fact]
    public void A_node_is_forgotten_after_a_year_and_leaves_with_the_next_one()
    {
        var known = AttestationMachine.Record(None, Once, "CSR", Start);
        var later = Start + AttestationMachine.Remembered;

        Assert.True(Admits(known, Once, "OTHER", later));
        Assert.False(Admits(known, Once, "OTHER", later - TimeSpan.FromTicks(1)));
        Assert.Equal(["pod/u2"], AttestationMachine.Record(known, new("pod/u2", MayRepeat: false), "CSR", later).Keys);
    }

    [Fact]
    public void No_more_nodes_are_remembered_than_a_thousand_and_the_oldest_goes()
    {
        var known = None;
        for (var i = 0; i <= AttestationMachine.MaxNodes; i++)
        {
            known = AttestationMachine.Record(known, new($"pod/{i}", MayRepeat: false), "CSR", Start.AddSeconds(i));
        }

        Assert.Equal(AttestationMachine.MaxNodes, known.Count);
        Assert.DoesNotContain("pod/0", known.Keys);
        Assert.Contains("pod/1", known.Keys);
        Assert.Equal(known.Count, AttestationMachine.Record(known, new("pod/1", MayRepeat: true), "CSR", Start).Count);
    }

    [Fact]
    public void Nobody_is_remembered_whose_proof_says_of_no_node() =>
        Assert.Empty(AttestationMachine.Record(None, new NodeProof("", MayRepeat: true), "CSR", Start));

    private static bool Admits(
        ImmutableDictionary<string, AttestedNode> known, NodeProof proof, string csrHash, DateTimeOffset now) =>
        AttestationMachine.Admits(known.GetValueOrDefault(proof.Attested), proof, csrHash, now);
}
