using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using MeshOrleans.Cli.Connection;

namespace MeshOrleans.Cli.Answers;

/// <summary>JSON of the API, read and written without reflection, which costs a short process too much.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(ApplyRequest))]
[JsonSerializable(typeof(ApplyAnswer))]
[JsonSerializable(typeof(AnalysisAnswer))]
[JsonSerializable(typeof(ExplainRequest))]
[JsonSerializable(typeof(ExplainAnswer))]
[JsonSerializable(typeof(ConfigRow[]))]
[JsonSerializable(typeof(ServiceRow[]))]
[JsonSerializable(typeof(WorkloadRow[]))]
[JsonSerializable(typeof(ProxyRow[]))]
[JsonSerializable(typeof(ProxyRow))]
[JsonSerializable(typeof(IdentityRow[]))]
[JsonSerializable(typeof(AuthorityRow))]
[JsonSerializable(typeof(RevocationRow))]
[JsonSerializable(typeof(RevocationRow[]))]
[JsonSerializable(typeof(EmptyRequest))]
[JsonSerializable(typeof(RotateRequest))]
[JsonSerializable(typeof(RotateAnswer))]
[JsonSerializable(typeof(ReadinessAnswer))]
[JsonSerializable(typeof(ForgetAnswer))]
[JsonSerializable(typeof(PeerRow[]))]
[JsonSerializable(typeof(WhoAmIAnswer))]
[JsonSerializable(typeof(AuditRow[]))]
[JsonSerializable(typeof(RevisionRow[]))]
[JsonSerializable(typeof(RevisionAnswer))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(SignRequest))]
[JsonSerializable(typeof(CertificateAnswer))]
[JsonSerializable(typeof(TrustBundleAnswer))]
[JsonSerializable(typeof(TrustBundleAnswer[]))]
[JsonSerializable(typeof(WorkloadRequest))]
[JsonSerializable(typeof(WorkloadAnswer))]
[JsonSerializable(typeof(PeerRequest))]
[JsonSerializable(typeof(PeerAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(JsonElement[]))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>For manifests: text stays as it is as far as JSON permits, since the API bounds the body.</summary>
    public static ApiJson Verbatim =>
        field ??= new ApiJson(new JsonSerializerOptions(Default.Options)
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });
}
