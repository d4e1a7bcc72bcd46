using System.Text.Json;
using System.Text.Json.Serialization;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Model.Snapshots;

internal sealed class SpiffeIdJsonConverter : JsonConverter<SpiffeId>
{
    public override SpiffeId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SpiffeId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("Not a SPIFFE ID.");

    public override void Write(Utf8JsonWriter writer, SpiffeId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

internal sealed class TrustDomainJsonConverter : JsonConverter<TrustDomain>
{
    public override TrustDomain Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TrustDomain.TryParse(reader.GetString(), out var domain)
            ? domain
            : throw new JsonException("Not a trust domain.");

    public override void Write(Utf8JsonWriter writer, TrustDomain value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Name);
}
