using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Issuers;

/// <summary>
/// How many characters of keys a workload's proxy is handed in all: each of its listeners that checks tokens repeats them.
/// </summary>
public static class KeyBudget
{
    /// <summary>The bound, over all rules that are for one workload.</summary>
    /// <value>256 Ki characters.</value>
    public const int MaxCharacters = 256 * 1024;

    /// <summary>The rules whose keys are too many, in their order; those of the oldest policies are handed out first.</summary>
    /// <param name="policies">The policies that are for the workload, in any order.</param>
    /// <param name="keySets">Fetched keys by their address.</param>
    /// <returns>By policy and the rule's place in it, from 0. Tokens of these issuers are refused.</returns>
    public static ImmutableHashSet<(ConfigKey Policy, int Rule)> Excess(
        IEnumerable<(ConfigResource Resource, RequestAuthentication Spec)> policies,
        ImmutableSortedDictionary<string, string> keySets)
    {
        var excess = ImmutableHashSet.CreateBuilder<(ConfigKey, int)>();
        var sum = 0L;
        foreach (var (resource, spec) in policies.OrderBy(policy => policy.Resource, ConfigResource.ByAge))
        {
            foreach (var (i, rule) in spec.JwtRules.Index())
            {
                var length = KeysOf(rule, keySets)?.Length ?? 0;
                if (sum + length > MaxCharacters) excess.Add((resource.Key, i));
                else sum += length;
            }
        }

        return excess.ToImmutable();
    }

    /// <summary>The keys of a rule, its own or fetched ones; null when there are none.</summary>
    public static string? KeysOf(JwtRule rule, ImmutableSortedDictionary<string, string> keySets) =>
        rule.Jwks.Length > 0 ? rule.Jwks
        : KeySource.AddressOf(rule) is { } address ? keySets.GetValueOrDefault(address)
        : null;
}
