using System.Text.Json;
using System.Text.Json.Serialization;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Snapshots;

/// <summary>
/// How the entries of the snapshot are written: JSON with stable names, so that state saved by one version is read by
/// the next. Unknown members are ignored here (an older reader meets a newer writer during a rolling upgrade).
/// </summary>
public static class SnapshotPayload
{
    /// <summary>Writes a member.</summary>
    public static string Write(Workload workload) =>
        JsonSerializer.Serialize(workload, SnapshotJsonContext.Default.Workload);

    /// <summary>Writes a trust bundle.</summary>
    public static string Write(TrustBundle bundle) =>
        JsonSerializer.Serialize(bundle, SnapshotJsonContext.Default.TrustBundle);

    /// <summary>Writes what is known of a certificate.</summary>
    public static string Write(IdentityRecord identity) =>
        JsonSerializer.Serialize(identity, SnapshotJsonContext.Default.IdentityRecord);

    /// <summary>Writes a federation link.</summary>
    public static string Write(PeerRecord peer) =>
        JsonSerializer.Serialize(peer, SnapshotJsonContext.Default.PeerRecord);

    /// <summary>Writes an imported service.</summary>
    public static string Write(ImportedService service) =>
        JsonSerializer.Serialize(service, SnapshotJsonContext.Default.ImportedService);

    /// <summary>Writes how fetching an issuer's keys stands.</summary>
    public static string Write(IssuerRecord issuer) =>
        JsonSerializer.Serialize(issuer, SnapshotJsonContext.Default.IssuerRecord);

    /// <summary>Reads a configuration resource.</summary>
    /// <exception cref="FormatException">The payload is not what its key says.</exception>
    public static ConfigResource ReadConfig(string payload) => ConfigJson.Read(payload);

    /// <summary>Reads a member.</summary>
    /// <exception cref="FormatException">The payload is not what its key says.</exception>
    public static Workload ReadWorkload(string payload) => Read(payload, SnapshotJsonContext.Default.Workload);

    /// <summary>Reads a trust bundle.</summary>
    /// <exception cref="FormatException">The payload is not what its key says.</exception>
    public static TrustBundle ReadBundle(string payload) => Read(payload, SnapshotJsonContext.Default.TrustBundle);

    /// <summary>Reads what is known of a certificate.</summary>
    /// <exception cref="FormatException">The payload is not what its key says.</exception>
    public static IdentityRecord ReadIdentity(string payload) =>
        Read(payload, SnapshotJsonContext.Default.IdentityRecord);

    /// <summary>Reads a federation link.</summary>
    /// <exception cref="FormatException">The payload is not what its key says.</exception>
    public static PeerRecord ReadPeer(string payload) => Read(payload, SnapshotJsonContext.Default.PeerRecord);

    /// <summary>Reads an imported service.</summary>
    /// <exception cref="FormatException">The payload is not what its key says.</exception>
    public static ImportedService ReadImport(string payload) =>
        Read(payload, SnapshotJsonContext.Default.ImportedService);

    /// <summary>Reads how fetching an issuer's keys stands.</summary>
    /// <exception cref="FormatException">The payload is not what its key says.</exception>
    public static IssuerRecord ReadIssuer(string payload) => Read(payload, SnapshotJsonContext.Default.IssuerRecord);

    private static T Read<T>(string payload, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(payload, type)
                ?? throw new FormatException($"An entry of the snapshot holds null where a {typeof(T).Name} belongs.");
        }
        catch (JsonException exception)
        {
            throw new FormatException($"An entry of the snapshot is no {typeof(T).Name}.", exception);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    Converters = [typeof(SpiffeIdJsonConverter), typeof(TrustDomainJsonConverter)])]
[JsonSerializable(typeof(Workload))]
[JsonSerializable(typeof(TrustBundle))]
[JsonSerializable(typeof(IdentityRecord))]
[JsonSerializable(typeof(PeerRecord))]
[JsonSerializable(typeof(ImportedService))]
[JsonSerializable(typeof(IssuerRecord))]
internal sealed partial class SnapshotJsonContext : JsonSerializerContext;
