using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Benchmarks.Load;
using MeshOrleans.Grains.Identity;

namespace MeshOrleans.Benchmarks.Subjects;

/// <summary>Certificates: each slot is an identity that has the key of one node signed again and again.</summary>
internal sealed class IdentitySubject(IGrainFactory grains, string trustDomain, int identities) : ISubject
{
    private readonly IIdentityGrain[] _identities =
    [
        .. Enumerable.Range(0, identities)
            .Select(i => grains.GetGrain<IIdentityGrain>($"spiffe://{trustDomain}/ns/bench/sa/account-{i}")),
    ];

    private readonly ImmutableArray<byte>[] _requests = new ImmutableArray<byte>[identities];

    public int Slots => identities;

    public Task PrepareAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < identities; i++)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256);
            _requests[i] = [.. request.CreateSigningRequest()];
        }

        return Task.CompletedTask;
    }

    public async Task ChangeAsync(int slot, Change change, CancellationToken cancellationToken)
    {
        var request = new IssueRequest(_requests[slot], $"node-{slot}", Lifetime: null);
        var result = await _identities[slot].IssueAsync(request, cancellationToken);
        if (result is not IssueResult.Issued) throw new InvalidOperationException($"Identity {slot} got {result}.");
    }
}
