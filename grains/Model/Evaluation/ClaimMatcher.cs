using System.Collections.Immutable;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Model.Evaluation;

/// <summary>A comparison of one claim (<c>envoy.type.matcher.v3.ValueMatcher</c>). A closed set.</summary>
public abstract record ClaimMatcher
{
    private ClaimMatcher()
    {
    }

    /// <summary>The claim is a string that matches. Numbers and flags are none.</summary>
    public sealed record Text(StringMatcher Matcher) : ClaimMatcher;

    /// <summary>The claim is a list, and one of its values matches.</summary>
    public sealed record OneOf(ClaimMatcher Matcher) : ClaimMatcher;

    /// <summary>One of them matches.</summary>
    public sealed record Either(ImmutableArray<ClaimMatcher> Matchers) : ClaimMatcher;

    /// <summary>Compares.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="isSpaceDelimited">Whether a string stands for the list of its words.</param>
    public bool Matches(Claim claim, bool isSpaceDelimited)
    {
        switch (this)
        {
            case Text text:
                return claim.Kind is ClaimKind.Text && !isSpaceDelimited && text.Matcher.Matches(claim.Text);
            case OneOf one when claim.Kind is ClaimKind.Text && isSpaceDelimited:
                return MatchesWord(one.Matcher, claim.Text);
            case OneOf one:
                foreach (var item in claim.Items)
                {
                    if (one.Matcher.Matches(item, isSpaceDelimited: false)) return true;
                }

                return false;
            case Either either:
                foreach (var matcher in either.Matchers)
                {
                    if (matcher.Matches(claim, isSpaceDelimited)) return true;
                }

                return false;
            default:
                throw new InvalidOperationException($"{GetType().Name} is not part of the closed set.");
        }
    }

    private static bool MatchesWord(ClaimMatcher matcher, ReadOnlySpan<char> text)
    {
        foreach (var range in text.Split(' '))
        {
            if (!text[range].IsEmpty && matcher.MatchesText(text[range])) return true;
        }

        return false;
    }

    private bool MatchesText(ReadOnlySpan<char> text)
    {
        if (this is Text single) return single.Matcher.Matches(text);
        if (this is not Either either) return false;
        foreach (var matcher in either.Matchers)
        {
            if (matcher.MatchesText(text)) return true;
        }

        return false;
    }
}
