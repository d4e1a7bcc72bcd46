using MeshOrleans.Xds.Protocol.Type;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Shares in percent, with a resolution of 0.0001 %.</summary>
internal static class Fractions
{
    public static FractionalPercent Of(double percent) => new()
    {
        Numerator = (uint)Math.Round(Math.Clamp(percent, 0, 100) * 10_000),
        Denominator = FractionalPercent.Types.DenominatorType.Million,
    };
}
