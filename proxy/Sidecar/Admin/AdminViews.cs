using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Proxy.Dataplane;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Sidecar.Demands;
using MeshOrleans.Proxy.Sidecar.Edge;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.Process;
using MeshOrleans.Proxy.Sidecar.Xds;

namespace MeshOrleans.Proxy.Sidecar.Admin;

/// <summary>What the views look at.</summary>
internal sealed record AdminSubjects(
    ModelHolder Models,
    IdentityHolder Identity,
    ProxyState State,
    DataplaneServer Dataplane,
    EdgeReport? Edge,
    Readiness Readiness,
    DemandBook Demands,
    TimeProvider Clock);

/// <summary>The sidecar as JSON and as metrics. Never a key, never a token.</summary>
internal sealed class AdminViews(AdminSubjects subjects)
{
    private readonly ConfigDump _dump = new(subjects.Models, subjects.Clock);
    private readonly SidecarMetrics _metrics = new(subjects);

    public ReadOnlyMemory<byte> ConfigDump() => Write(_dump.Write);

    public string Prometheus() => subjects.Dataplane.Metrics.Write() + _metrics.Write();

    /// <summary>Name, labels and value of every sample, without Prometheus' comments.</summary>
    public string Stats() =>
        string.Concat(Prometheus().Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l + "\n"));

    /// <summary>That it is ready, and what does not work all the same, a line each.</summary>
    public string Ready() =>
        string.Join('\n', ["ready", .. subjects.Readiness.Remarks(), .. subjects.Dataplane.Faults]) + "\n";

    public ReadOnlyMemory<byte> Clusters() => Write(json =>
    {
        json.WriteStartArray("clusters");
        foreach (var (name, plan) in subjects.State.Current.Clusters.OrderBy(
            c => c.Key, StringComparer.Ordinal)) Cluster(json, name, plan);
        json.WriteEndArray();
    });

    public ReadOnlyMemory<byte> Certificates() => Write(json =>
    {
        var identity = subjects.Identity.Current;
        json.WriteBoolean("valid", identity.IsValid(subjects.Clock.GetUtcNow()));
        if (identity.Svid is { } svid && identity.Id is { } id)
        {
            json.WriteString("spiffeId", id.ToString());
            json.WriteString("serial", svid.Leaf.SerialNumber);
            json.WriteString("notBefore", svid.NotBefore);
            json.WriteString("notAfter", svid.NotAfter);
        }

        json.WriteStartArray("roots");
        foreach (var bundle in identity.Trust?.Bundles ?? [])
        {
            foreach (var root in Trust.Import(bundle)) Root(json, bundle.TrustDomain.Name, root);
        }

        json.WriteEndArray();
        if (subjects.Edge is null) return;
        json.WriteStartArray("credentials");
        foreach (var credential in subjects.Edge.Credentials.Status) Credential(json, credential);
        json.WriteEndArray();
    });

    public ReadOnlyMemory<byte> Listeners() => Write(json =>
    {
        json.WriteStartArray("listeners");
        foreach (var listener in subjects.Edge?.Listeners ?? [])
        {
            json.WriteStartObject();
            json.WriteString("name", listener.Name);
            json.WriteNumber("port", listener.Port);
            json.WriteString("problem", listener.Problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static void Credential(Utf8JsonWriter json, CredentialStatus credential)
    {
        json.WriteStartObject();
        json.WriteString("name", credential.Name);
        json.WriteString("serial", credential.Serial);
        if (credential.NotAfter is { } end) json.WriteString("notAfter", end);
        json.WriteString("problem", credential.Problem);
        json.WriteEndObject();
    }

    private static void Root(Utf8JsonWriter json, string domain, X509Certificate2 root)
    {
        json.WriteStartObject();
        json.WriteString("trustDomain", domain);
        json.WriteString("serial", root.SerialNumber);
        json.WriteString("sha256", root.GetCertHashString(HashAlgorithmName.SHA256));
        json.WriteString("notAfter", root.NotAfter.ToUniversalTime());
        json.WriteEndObject();
    }

    private static void Cluster(Utf8JsonWriter json, string name, ClusterPlan plan)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("kind", $"{plan.Model.Kind}");
        json.WriteNumber("activeRequests", plan.State.Breaker.ActiveRequests);
        json.WriteNumber("pendingRequests", plan.State.Breaker.PendingRequests);
        json.WriteStartArray("endpoints");
        foreach (var slot in plan.Slots)
        {
            json.WriteStartObject();
            json.WriteString("address", $"{slot.Model.Address}");
            json.WriteNumber("port", slot.Model.Port);
            json.WriteString("health", $"{slot.Model.Health}");
            json.WriteBoolean("ejected", slot.State.Outlier.IsEjected);
            json.WriteBoolean("failsChecks", slot.State.Health.IsUnhealthy);
            json.WriteNumber("activeRequests", slot.State.Active);
            json.WriteNumber("priority", slot.Model.Priority);
            json.WriteNumber("weight", slot.Model.Weight);
            json.WriteString("locality", $"{slot.Model.Locality}");
            json.WriteBoolean("mesh", slot.Model.UsesMesh);
            json.WriteString("workload", slot.Model.Workload);
            if (!slot.Model.Lanes.IsEmpty) json.WriteString("lanes", string.Join(",", slot.Model.Lanes));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
