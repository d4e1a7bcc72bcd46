using System.Globalization;

namespace MeshOrleans.Model.Evaluation;

/// <summary>A share of requests, exact to one in a million (0.0001 %).</summary>
/// <param name="PerMillion">0 for none, 1 000 000 for all.</param>
public readonly record struct Fraction(int PerMillion)
{
    private const int Whole = 1_000_000;

    /// <summary>Every request.</summary>
    public static Fraction All { get; } = new(Whole);

    /// <summary>No request.</summary>
    public static Fraction None { get; }

    /// <summary>The share that a percentage names, rounded to a millionth and kept between none and all.</summary>
    public static Fraction FromPercent(double percent) =>
        new((int)Math.Round(Math.Clamp(percent, 0, 100) * (Whole / 100)));

    /// <summary>The share in percent, as people write it.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{PerMillion / 10_000.0:0.####} %");

    /// <summary>Draws once.</summary>
    /// <returns>True for this share of all draws.</returns>
    public bool Hits(IRandomSource random) =>
        PerMillion >= Whole || (PerMillion > 0 && random.NextDouble() * Whole < PerMillion);
}
