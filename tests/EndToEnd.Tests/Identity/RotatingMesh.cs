using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Identity;

/// <summary>Two members that talk over nothing but mTLS, in a mesh whose roots and certificates change quickly.</summary>
internal sealed class RotatingMesh
{
    /// <summary>How many requests a second <see cref="Load"/> sends.</summary>
    public const int PerSecond = 200;

    private const string Manifests = """
        {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{name: http, port: 80, targetPort: 8080}]}}
        ---
        {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: all}, spec: {mtls: {mode: STRICT}}}
        """;

    private readonly SmallMesh _mesh = new("mesh-root-");

    public ControlPlane ControlPlane => _mesh.ControlPlane;

    public Member Client => _mesh.Client;

    public Member Server => _mesh.Server;

    /// <summary>Where the test may keep files.</summary>
    public string Folder => _mesh.Directory.FullName;

    /// <summary>Begins to send requests from the client to b.</summary>
    public Load Load() => new(Client.Client, "http://b/", PerSecond);

    /// <inheritdoc cref="SmallMesh.SignAsync"/>
    public Task<JsonElement> SignAsync(string serviceAccount, ECDsa key, double? lifetimeSeconds = null) =>
        _mesh.SignAsync(serviceAccount, key, lifetimeSeconds);

    /// <summary>Ends whatever was started.</summary>
    public Task EndAsync() => _mesh.EndAsync();

    /// <summary>Starts it, and waits until both members have all that they are to have.</summary>
    public async Task StartAsync(params string[] flags)
    {
        _mesh.ControlPlane = await Samples.Harness.ControlPlane.StartAsync(
            Path.Combine(Folder, "data"),
            "cluster.local",
            ["--ca-publish-for", "00:00:03", "--ca-retire-grace", "00:00:02", .. flags]);
        await ControlPlane.ApplyAsync(Manifests);
        _mesh.Client = await JoinAsync("a-1", "a");
        _mesh.Server = await JoinAsync("b-1", "b");
        await ControlPlane.WaitForAsync(
            "/v1/services", s => s.EnumerateArray().Single().GetProperty("healthy").GetInt32() == 1, "a healthy server");
        await ControlPlane.SettledAsync(2);
    }

    /// <summary>Starts a further member.</summary>
    public Task<Member> JoinAsync(string name, string app, params string[] flags) => Member.StartAsync(
        ControlPlane,
        Folder,
        new MemberSpec(name, "default", app, new Dictionary<string, string> { ["app"] = app }) { Flags = flags });

    /// <summary>Kills the control plane, and starts it again.</summary>
    public async Task RestartControlPlaneAsync()
    {
        ControlPlane.Process.Kill();
        await ControlPlane.RestartAsync();
    }

    /// <summary>Begins a rotation of the root.</summary>
    public async Task RotateAsync()
    {
        using var rotated = await ControlPlane.Api.PostAsync("/v1/ca/rotate", content: null);
        Assert.Equal(HttpStatusCode.Accepted, rotated.StatusCode);
    }

    /// <summary>Waits for a phase of the rotation.</summary>
    public Task<JsonElement> PhaseAsync(string phase, int seconds) => ControlPlane.WaitForAsync(
        "/v1/ca", ca => ca.GetProperty("phase").GetString() == phase, $"phase {phase}", seconds);

    /// <summary>Waits until so many proxies, and no others, have all roots.</summary>
    public Task<JsonElement> HoldingAsync(int count) => ControlPlane.WaitForAsync(
        "/v1/ca",
        ca => ca.GetProperty("proxies").GetProperty("holding").GetInt32() == count
            && ca.GetProperty("proxies").GetProperty("lagging").GetInt32() == 0,
        $"the roots at {count} proxies");

    /// <summary>The roots in force.</summary>
    public async Task<List<X509Certificate2>> RootsAsync() =>
    [
        .. (await ControlPlane.GetAsync("/v1/trust-bundle")).GetProperty("roots").EnumerateArray()
            .Select(pem => X509Certificate2.CreateFromPem(pem.GetString()!)),
    ];

    /// <summary>The public keys in use.</summary>
    public async Task<List<string>> KeysAsync()
    {
        var rows = await ControlPlane.GetAsync("/v1/identities");
        var serials = rows.EnumerateArray().Select(i => i.GetProperty("serial").GetString()!).ToHashSet();
        var keys = new List<string>();
        foreach (var member in new[] { Client, Server })
        {
            var file = Path.Combine(member.StateDirectory, "sidecar", "svid.key");
            for (var end = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(20))
            {
                using var leaf = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(file));
                keys.Add(Convert.ToHexString(leaf.PublicKey.ExportSubjectPublicKeyInfo()));
                if (serials.Contains(leaf.SerialNumber)) break;
                keys.RemoveAt(keys.Count - 1);
                Assert.True(DateTime.UtcNow < end, $"{member.Spec.Name} does not have its certificate.");
            }
        }

        return keys;
    }

    /// <summary>Checks that a member shows a certificate under a root.</summary>
    public static void AssertUnder(X509Certificate2 root, Member member)
    {
        var own = new X509Certificate2Collection();
        own.ImportFromPem(File.ReadAllText(Path.Combine(member.StateDirectory, "sidecar", "svid.key")));
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(own);
        Assert.True(chain.Build(own[0]), $"{member.Spec.Name}: {string.Join(", ", chain.ChainStatus.Select(s => s.Status))}");
    }
}
