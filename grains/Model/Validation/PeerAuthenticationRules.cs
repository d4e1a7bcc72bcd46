using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Validation;

/// <summary>Rules of PeerAuthentication. The numbers of the ports are checked where they are read.</summary>
internal static class PeerAuthenticationRules
{
    public static void Check(PeerAuthentication policy, FieldPath spec, RuleReport report)
    {
        SelectorRules.CheckSelector(policy.Selector, spec.At("selector"), "matchLabels", report);
        if (!policy.PortLevelMtls.IsEmpty && policy.Selector is not { MatchLabels.IsEmpty: false })
        {
            report.Error(spec.At("portLevelMtls"), "mesh/namespace peer authentication cannot have port level mTLS");
        }
    }
}
