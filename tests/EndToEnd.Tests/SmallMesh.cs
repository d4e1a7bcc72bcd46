using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests;

/// <summary>The control plane and the two members of one test, and where they keep what they have.</summary>
internal sealed class SmallMesh(string name)
{
    public DirectoryInfo Directory { get; } = System.IO.Directory.CreateTempSubdirectory(name);

    public ControlPlane ControlPlane { get; set; } = null!;

    public Member Client { get; set; } = null!;

    public Member Server { get; set; } = null!;

    /// <summary>Has a certificate signed over REST, by a join token of its own.</summary>
    /// <param name="serviceAccount">Whose it is to be.</param>
    /// <param name="key">Its key.</param>
    /// <param name="lifetimeSeconds">How long it is to live; null for the default.</param>
    public async Task<JsonElement> SignAsync(string serviceAccount, ECDsa key, double? lifetimeSeconds = null)
    {
        var csr = new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var client = new HttpClient { BaseAddress = new Uri(ControlPlane.ApiAddress) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await ControlPlane.MintTokenAsync("default", serviceAccount));
        using var response = await client.PostAsJsonAsync("/v1/certificates", new { csr, lifetimeSeconds });
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>Ends whatever was started, members first: a test that fails at the start says why, and not that this is null.</summary>
    public async Task EndAsync()
    {
        if (Client is not null) await Client.DisposeAsync();
        if (Server is not null) await Server.DisposeAsync();
        if (ControlPlane is not null) await ControlPlane.DisposeAsync();
        Directory.Delete(recursive: true);
    }
}
