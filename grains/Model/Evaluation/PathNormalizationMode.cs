namespace MeshOrleans.Model.Evaluation;

/// <summary>How far the path of a request is brought to one spelling (MeshConfig.pathNormalization).</summary>
public enum PathNormalizationMode
{
    /// <summary>Not at all; what cannot be a path is still refused.</summary>
    None,

    /// <summary>
    /// Unreserved characters decoded, backslashes turned, <c>.</c> and <c>..</c> resolved. The default.
    /// </summary>
    Base,

    /// <summary>As <see cref="Base"/>, and <c>//</c> becomes <c>/</c>.</summary>
    MergeSlashes,

    /// <summary>As <see cref="MergeSlashes"/>, after <c>%2F</c> and <c>%5C</c> have been decoded.</summary>
    DecodeAndMergeSlashes,
}
