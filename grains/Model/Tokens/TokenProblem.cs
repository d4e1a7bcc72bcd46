namespace MeshOrleans.Model.Tokens;

/// <summary>Why a token is not accepted.</summary>
public enum TokenProblem
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>It is from an issuer that the rule is not for.</summary>
    UnknownIssuer,

    /// <summary>It is no signed token in compact form, or too long.</summary>
    Malformed,

    /// <summary>It is signed in a way that is not supported, such as not at all.</summary>
    AlgorithmNotSupported,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>Its time has not come.</summary>
    NotYetValid,

    /// <summary>It is for somebody else.</summary>
    AudienceNotAllowed,

    /// <summary>The issuer has no key that it could be signed with.</summary>
    NoKey,

    /// <summary>No key of the issuer has signed it.</summary>
    BadSignature,
}

/// <summary>What is answered to whoever sends a token that is not accepted.</summary>
public static class TokenProblems
{
    /// <summary>The reason in words, as Envoy says it: clients and tests know those.</summary>
    public static string Text(this TokenProblem problem) => problem switch
    {
        TokenProblem.UnknownIssuer => "Jwt issuer is not configured",
        TokenProblem.AlgorithmNotSupported => "Jwt header [alg] is not supported",
        TokenProblem.Expired => "Jwt is expired",
        TokenProblem.NotYetValid => "Jwt not yet valid",
        TokenProblem.AudienceNotAllowed => "Audiences in Jwt are not allowed",
        TokenProblem.NoKey => "Jwks doesn't have key to match kid or alg from Jwt",
        TokenProblem.BadSignature => "Jwt verification fails",
        _ => "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
    };
}
