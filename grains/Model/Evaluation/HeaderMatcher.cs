namespace MeshOrleans.Model.Evaluation;

/// <summary>One condition on a header, as <c>envoy.config.route.v3.HeaderMatcher</c> means it.</summary>
/// <remarks>
/// The pseudo headers <c>:method :authority :path :scheme</c> (and <c>host</c>) are read from the view.
/// </remarks>
public sealed class HeaderMatcher
{
    private readonly Source _source;

    private HeaderMatcher(string name, StringMatcher? value, bool present)
    {
        (Name, Present) = (name.ToLowerInvariant(), present);
        _source = Name switch
        {
            ":method" => Source.Method,
            ":authority" or "host" => Source.Authority,
            ":path" => Source.Path,
            ":scheme" => Source.Scheme,
            _ => Source.Header,
        };

        // hosts have no case (RFC 9110 section 4.2.3): that of a request is lower by the time it is read here
        Value = _source is Source.Authority ? value?.InAnyCase() : value;
    }

    private enum Source
    {
        Header,
        Method,
        Authority,
        Path,
        Scheme,
    }

    /// <summary>The header's name in lower case.</summary>
    public string Name { get; }

    /// <summary>What the value is compared with; null when only presence is asked for.</summary>
    public StringMatcher? Value { get; }

    /// <summary>For a presence condition: whether the header must be there or must not.</summary>
    public bool Present { get; }

    /// <summary>Turns the outcome round.</summary>
    public bool Invert { get; init; }

    /// <summary>
    /// An absent header counts as an empty one. Without it an absent header never matches, inverted or not.
    /// </summary>
    public bool TreatMissingAsEmpty { get; init; }

    /// <summary>The value must match.</summary>
    public static HeaderMatcher Of(
        string name, StringMatcher value, bool invert = false, bool treatMissingAsEmpty = false) =>
        new(name, value, present: true) { Invert = invert, TreatMissingAsEmpty = treatMissingAsEmpty };

    /// <summary>The header must be there (or must not), whatever its value.</summary>
    public static HeaderMatcher OfPresence(string name, bool present = true, bool invert = false) =>
        new(name, value: null, present) { Invert = invert };

    /// <summary>The rule of routing: several values are one text, joined by commas.</summary>
    public bool Matches<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct
    {
        var values = Read(in view);
        return Value is null ? (values.Count > 0 == Present) != Invert : MatchesText(values.Joined);
    }

    /// <summary>
    /// The rule of policy (CVE-2020-25017, CVE-2026-26308): each value is asked, and the values decide together.
    /// </summary>
    /// <param name="view">The request.</param>
    /// <param name="quantifier">
    /// <see cref="Quantifier.Any"/>: one value is enough, and so is the joined text; <see cref="Quantifier.All"/>: no
    /// value may fail.
    /// </param>
    public bool Matches<TView>(in TView view, Quantifier quantifier)
        where TView : struct, IRequestView, allows ref struct
    {
        var values = Read(in view);
        if (Value is null) return (values.Count > 0 == Present) != Invert;
        if (values.Count <= 1) return MatchesText(values.Joined);
        for (var i = 0; i < values.Count; i++)
        {
            if (MatchesText(values[i]) == (quantifier is Quantifier.Any)) return quantifier is Quantifier.Any;
        }

        return quantifier is Quantifier.All || MatchesText(values.Joined);
    }

    private bool MatchesText(string? text) =>
        (text is not null || TreatMissingAsEmpty) && Value!.Matches(text) != Invert;

    /// <summary>What the request has there, as one text; null when it is absent.</summary>
    public string? ValueIn<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct => Read(in view).Joined;

    private HeaderValues Read<TView>(in TView view)
        where TView : struct, IRequestView, allows ref struct => _source switch
        {
            Source.Header => view.Header(Name),
            Source.Method => new(view.Method),
            Source.Authority => new(view.Authority),
            Source.Path => new(view.Query.Length == 0 ? view.Path : $"{view.Path}?{view.Query}"),
            _ => new(view.Scheme),
        };
}
