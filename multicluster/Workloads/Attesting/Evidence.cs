using System.Collections.Immutable;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Multicluster.Workloads.Attesting;

/// <summary>What a process presents: one thing of these.</summary>
public abstract record Evidence
{
    private Evidence()
    {
    }

    /// <summary>A one-time token of this control plane.</summary>
    public sealed record Token(JoinToken Value) : Evidence;

    /// <summary>A certificate of this mesh that the handshake has verified.</summary>
    /// <param name="Id">Its name.</param>
    /// <param name="Serial">Upper-case hex.</param>
    /// <param name="NotAfter">When it ends: a connection may last longer.</param>
    public sealed record Certificate(SpiffeId Id, string Serial, DateTimeOffset NotAfter) : Evidence;

    /// <summary>
    /// A certificate that has ended, and what its key has signed to get the next one: nothing of it is verified yet.
    /// </summary>
    /// <param name="ChainPem">The certificate and what leads from there to the root.</param>
    /// <param name="Csr">The request for the next one, DER.</param>
    /// <param name="Signature">See <see cref="EndedCertificateProof"/>.</param>
    public sealed record EndedCertificate(
        string ChainPem, ImmutableArray<byte> Csr, ImmutableArray<byte> Signature) : Evidence
    {
        public override string ToString() => nameof(EndedCertificate);
    }

    /// <summary>A token that somebody else has issued, not verified yet.</summary>
    public sealed record Bearer(string Text) : Evidence
    {
        public override string ToString() => nameof(Bearer); // never its text
    }

    /// <summary>A bearer as the text says what it is.</summary>
    public static Evidence OfBearer(string text) =>
        JoinToken.TryParse(text, out var token) ? new Token(token) : new Bearer(text);
}

/// <summary>What evidence is presented for.</summary>
/// <param name="UsedBy">Who presents it, for the record.</param>
/// <param name="Claim">By what a repetition of the request is known (<see cref="JoinTokens.ClaimOf"/>).</param>
public sealed record EvidenceUse(string UsedBy, string Claim);
