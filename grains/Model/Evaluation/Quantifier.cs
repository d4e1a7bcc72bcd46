namespace MeshOrleans.Model.Evaluation;

/// <summary>How the values of a header that was sent several times decide together.</summary>
public enum Quantifier
{
    /// <summary>One matching value is enough: the careful reading for a rule that denies.</summary>
    Any,

    /// <summary>Every value must match: the careful reading for a rule that allows.</summary>
    All,
}
