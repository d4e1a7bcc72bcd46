using System.Collections.Immutable;

namespace MeshOrleans.Silo.Access;

/// <summary>Somebody whose tokens are believed.</summary>
/// <param name="Issuer">The <c>iss</c> of its tokens, character by character.</param>
/// <param name="Audiences">One of which a token must be for; never empty.</param>
/// <param name="Algorithms">By which its tokens may be signed; never empty.</param>
/// <param name="Keys">Where its keys are.</param>
/// <param name="NameClaim">The claim by which its bearers are called in the audit trail.</param>
internal sealed record TrustedIssuer(
    string Issuer, ImmutableArray<string> Audiences, ImmutableArray<string> Algorithms, KeyPlace Keys, string NameClaim);

/// <summary>Where keys are: a file, or an address.</summary>
/// <param name="File">The full path; empty when there is an address.</param>
/// <param name="Address">The address, perhaps that of a discovery document; empty when there is a file.</param>
/// <param name="AllowedHosts">Who may be called although the address is not one of the public Internet.</param>
/// <param name="AllowHttp">Whether it may be called without TLS.</param>
/// <param name="CaFile">Whom to believe there; empty for the roots of the machine.</param>
internal sealed record KeyPlace(
    string File, string Address, ImmutableArray<string> AllowedHosts, bool AllowHttp, string CaFile)
{
    /// <summary>What it is called in messages.</summary>
    public string Name => File.Length > 0 ? File : Address;
}
