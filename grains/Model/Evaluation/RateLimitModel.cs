using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace MeshOrleans.Model.Evaluation;

/// <summary>What requests are counted by.</summary>
public enum RateLimitKeySource
{
    /// <summary>The value of a header; requests without it count together.</summary>
    Header,

    /// <summary>The path without query.</summary>
    Path,

    /// <summary>The caller's SPIFFE ID; callers without one count together.</summary>
    Identity,
}

/// <summary>One of the properties that make the key of a count.</summary>
/// <param name="Source">Which.</param>
/// <param name="Header">The header's name in lower case; empty for the others.</param>
public sealed record RateLimitKeyModel(RateLimitKeySource Source, string Header = "");

/// <summary>One prepared limit.</summary>
/// <param name="Match">Which requests it is for; its name is that of the limit.</param>
/// <param name="Requests">How many an interval brings.</param>
/// <param name="Interval">The interval.</param>
/// <param name="Burst">How many may come at once after a rest.</param>
/// <param name="Keys">What is counted apart.</param>
/// <param name="IsDryRun">Counts only what it would refuse.</param>
public sealed record RateLimitRuleModel(
    AuthorizationPolicyModel Match,
    long Requests,
    TimeSpan Interval,
    long Burst,
    ImmutableArray<RateLimitKeyModel> Keys,
    bool IsDryRun = false)
{
    private const int LongestKey = 256;

    /// <summary>Equal for limits that go on with the same counts, whatever model they stand in.</summary>
    public string Id { get; } =
        $"{Match.Name} {Requests}/{Interval.Ticks}+{Burst} "
        + string.Join(',', Keys.Select(k => $"{k.Source}:{k.Header}"));

    /// <summary>Whether a request counts. Of several values of a header, one that matches is enough.</summary>
    public bool AppliesTo<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct =>
        RuleEvaluator.Holds(Match.Permission, in view, Quantifier.Any, isHttp: true)
        && RuleEvaluator.Holds(Match.Principal, in view, Quantifier.Any, isHttp: true);

    /// <summary>Which of the counts a request belongs to; of bounded length, whatever the request says.</summary>
    public string KeyOf<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct
    {
        if (Keys.IsEmpty) return "";
        var key = Part(Keys[0], in view);
        for (var i = 1; i < Keys.Length; i++) key = $"{key}\n{Part(Keys[i], in view)}"; // no part has a line break
        return key.Length <= LongestKey ? key : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }

    private static string Part<TView>(RateLimitKeyModel key, in TView view)
        where TView : struct, IRequestView, allows ref struct => key.Source switch
        {
            RateLimitKeySource.Header => view.Header(key.Header).Joined ?? "",
            RateLimitKeySource.Path => view.Path,
            _ => view.PeerId,
        };
}
