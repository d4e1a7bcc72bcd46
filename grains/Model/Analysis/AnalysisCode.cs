using System.Collections.Frozen;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>A kind of finding: its stable code, its name and how bad it is. The codes are Istio's.</summary>
/// <remarks>Source: Istio, pkg/config/analysis/msg/messages.yaml, for the numbers, the names and the levels.</remarks>
/// <param name="Code">E.g. <c>IST0109</c>.</param>
/// <param name="Name">E.g. <c>ConflictingMeshGatewayVirtualServiceHosts</c>.</param>
/// <param name="Severity">How bad it is.</param>
public sealed record AnalysisCode(string Code, string Name, Severity Severity)
{
    internal static readonly AnalysisCode ReferencedResourceNotFound = Error("IST0101", nameof(ReferencedResourceNotFound));

    internal static readonly AnalysisCode ConflictingSidecarWorkloadSelectors =
        Error("IST0110", nameof(ConflictingSidecarWorkloadSelectors));

    internal static readonly AnalysisCode MultipleSidecarsWithoutWorkloadSelectors =
        Error("IST0111", nameof(MultipleSidecarsWithoutWorkloadSelectors));

    internal static readonly AnalysisCode VirtualServiceDestinationPortSelectorRequired =
        Error("IST0112", nameof(VirtualServiceDestinationPortSelectorRequired));

    internal static readonly AnalysisCode DeploymentAssociatedToMultipleServices =
        Warning("IST0116", nameof(DeploymentAssociatedToMultipleServices));

    internal static readonly AnalysisCode PortNameIsNotUnderNamingConvention =
        Info("IST0118", nameof(PortNameIsNotUnderNamingConvention));

    internal static readonly AnalysisCode NoMatchingWorkloadsFound = Warning("IST0127", nameof(NoMatchingWorkloadsFound));

    internal static readonly AnalysisCode NoServerCertificateVerificationDestinationLevel =
        Warning("IST0128", nameof(NoServerCertificateVerificationDestinationLevel));

    internal static readonly AnalysisCode NoServerCertificateVerificationPortLevel =
        Warning("IST0129", nameof(NoServerCertificateVerificationPortLevel));

    internal static readonly AnalysisCode VirtualServiceUnreachableRule =
        Warning("IST0130", nameof(VirtualServiceUnreachableRule));

    internal static readonly AnalysisCode VirtualServiceIneffectiveMatch =
        Info("IST0131", nameof(VirtualServiceIneffectiveMatch));

    internal static readonly AnalysisCode VirtualServiceHostNotFoundInGateway =
        Warning("IST0132", nameof(VirtualServiceHostNotFoundInGateway));

    internal static readonly AnalysisCode ServiceEntryAddressesRequired =
        Warning("IST0134", nameof(ServiceEntryAddressesRequired));

    internal static readonly AnalysisCode GatewayDuplicateCertificate =
        Warning("IST0138", nameof(GatewayDuplicateCertificate));

    internal static readonly AnalysisCode ConflictingGateways = Error("IST0145", nameof(ConflictingGateways));

    internal static readonly AnalysisCode JwtClaimBasedRoutingWithoutRequestAuthN =
        Error("IST0149", nameof(JwtClaimBasedRoutingWithoutRequestAuthN));

    internal static readonly AnalysisCode ExternalNameServiceTypeInvalidPortName =
        Warning("IST0150", nameof(ExternalNameServiceTypeInvalidPortName));

    internal static readonly AnalysisCode ConflictingTelemetryWorkloadSelectors =
        Error("IST0159", nameof(ConflictingTelemetryWorkloadSelectors));

    internal static readonly AnalysisCode MultipleTelemetriesWithoutWorkloadSelectors =
        Error("IST0160", nameof(MultipleTelemetriesWithoutWorkloadSelectors));

    internal static readonly AnalysisCode DestinationRuleSubsetNotSelectPods =
        Error("IST0173", nameof(DestinationRuleSubsetNotSelectPods));

    internal static readonly AnalysisCode UnknownDestinationRuleHost = Warning("IST0174", nameof(UnknownDestinationRuleHost));

    internal static readonly AnalysisCode ConflictingServiceEntryProtocol =
        Warning("IST0177", nameof(ConflictingServiceEntryProtocol));

    internal static readonly AnalysisCode Overridden =
        Warning(AttachedRouteAnalysis.OverriddenCode, "VirtualServiceOverriddenByRoute");

    internal static readonly AnalysisCode ShadowedHealthCheck = Warning("MSH2005", nameof(ShadowedHealthCheck));

    internal static readonly AnalysisCode HealthCheckWithoutEffect =
        Warning("MSH2006", nameof(HealthCheckWithoutEffect));

    /// <summary>Of this mesh: tokens of an issuer are refused for want of keys.</summary>
    internal static readonly AnalysisCode IssuerKeysMissing = Error("MSH2007", nameof(IssuerKeysMissing));

    /// <summary>Of this mesh: keys of an issuer could not be fetched the last time.</summary>
    internal static readonly AnalysisCode IssuerKeysStale = Warning("MSH2008", nameof(IssuerKeysStale));

    /// <summary>Of this mesh: nobody can be asked about what a CUSTOM policy matches.</summary>
    internal static readonly AnalysisCode AuthorizerMissing = Error("MSH2020", nameof(AuthorizerMissing));

    /// <summary>Of this mesh: a CUSTOM policy says nothing of the workloads that serve its provider.</summary>
    internal static readonly AnalysisCode AuthorizerServesItself = Info("MSH2021", nameof(AuthorizerServesItself));

    /// <summary>Of this mesh: STRICT refuses, or would refuse, who was seen in plaintext.</summary>
    public static readonly AnalysisCode PlaintextCallersRefused = Warning("MSH2022", nameof(PlaintextCallersRefused));

    /// <summary>Of this mesh: whether STRICT would refuse somebody is not known, as nobody watches.</summary>
    public static readonly AnalysisCode PlaintextCallersUnknown = Warning("MSH2023", nameof(PlaintextCallersUnknown));

    /// <summary>Of this mesh: no member is of a lane, so it serves nobody.</summary>
    internal static readonly AnalysisCode LaneWithoutMembers = Info("MSH2024", nameof(LaneWithoutMembers));

    /// <summary>Of this mesh: all members of a service are of lanes, so nobody serves what is outside of them.</summary>
    internal static readonly AnalysisCode LaneTakesEveryMember = Warning("MSH2025", nameof(LaneTakesEveryMember));

    /// <summary>Of this mesh: a lane names a service that it does not cover.</summary>
    internal static readonly AnalysisCode LaneHostNotCovered = Warning("MSH2026", nameof(LaneHostNotCovered));

    private static readonly FrozenDictionary<string, AnalysisCode> _all = new[]
    {
        Error(Violation.SchemaCode, "SchemaValidationError"), Warning("IST0133", "SchemaWarning"),
        Error(Violation.UnsupportedCode, "Unsupported"), Warning(Violation.NotActedOnCode, "NotActedOn"),
        Error(RouteAnalysis.ConflictCode, "ConflictingMeshGatewayVirtualServiceHosts"),
        Warning(RouteAnalysis.OutsideCode, "DelegateRouteOutsideOfRoot"),
        Warning(GatewayPortAnalysis.ConflictCode, "ConflictingGatewayPorts"),
        Overridden,
        ReferencedResourceNotFound, ConflictingSidecarWorkloadSelectors,
        MultipleSidecarsWithoutWorkloadSelectors, VirtualServiceDestinationPortSelectorRequired,
        DeploymentAssociatedToMultipleServices, PortNameIsNotUnderNamingConvention, NoMatchingWorkloadsFound,
        NoServerCertificateVerificationDestinationLevel, NoServerCertificateVerificationPortLevel,
        VirtualServiceUnreachableRule, VirtualServiceIneffectiveMatch, VirtualServiceHostNotFoundInGateway,
        ServiceEntryAddressesRequired, GatewayDuplicateCertificate, ConflictingGateways,
        JwtClaimBasedRoutingWithoutRequestAuthN, ExternalNameServiceTypeInvalidPortName,
        ConflictingTelemetryWorkloadSelectors, MultipleTelemetriesWithoutWorkloadSelectors,
        DestinationRuleSubsetNotSelectPods, UnknownDestinationRuleHost, ConflictingServiceEntryProtocol,
        ShadowedHealthCheck, HealthCheckWithoutEffect,
        IssuerKeysMissing, IssuerKeysStale, AuthorizerMissing, AuthorizerServesItself,
        PlaintextCallersRefused, PlaintextCallersUnknown, LaneWithoutMembers, LaneTakesEveryMember, LaneHostNotCovered,
    }.ToFrozenDictionary(c => c.Code, StringComparer.Ordinal);

    /// <summary>The name of a code; empty for one that is unknown.</summary>
    public static string NameOf(string code) => _all.GetValueOrDefault(code)?.Name ?? "";

    private static AnalysisCode Error(string code, string name) => new(code, name, Severity.Error);

    private static AnalysisCode Warning(string code, string name) => new(code, name, Severity.Warning);

    private static AnalysisCode Info(string code, string name) => new(code, name, Severity.Info);
}
