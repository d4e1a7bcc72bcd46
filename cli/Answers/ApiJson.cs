using System.Text.Json;
using System.Text.Json.Serialization;
using MeshOrleans.Cli.Connection;

namespace MeshOrleans.Cli.Answers;

/// <summary>JSON of the API, read and written without reflection: a process of a few milliseconds cannot afford it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(ApplyRequest))]
[JsonSerializable(typeof(ApplyAnswer))]
[JsonSerializable(typeof(ConfigRow[]))]
[JsonSerializable(typeof(ServiceRow[]))]
[JsonSerializable(typeof(WorkloadRow[]))]
[JsonSerializable(typeof(ProxyRow[]))]
[JsonSerializable(typeof(ProxyRow))]
[JsonSerializable(typeof(IdentityRow[]))]
[JsonSerializable(typeof(PeerRow[]))]
[JsonSerializable(typeof(RevisionRow[]))]
[JsonSerializable(typeof(RevisionAnswer))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(WorkloadRequest))]
[JsonSerializable(typeof(WorkloadAnswer))]
[JsonSerializable(typeof(PeerRequest))]
[JsonSerializable(typeof(PeerAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(JsonElement[]))]
internal sealed partial class ApiJson : JsonSerializerContext;
