using System.Globalization;
using MeshOrleans.Model;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway;

/// <summary>
/// What this gateway process is called: the configured name and a part that is drawn at start, e.g.
/// <c>gateway-1/3f9a02</c>. A process that was restarted is another one: the streams of the former are gone.
/// </summary>
public sealed class GatewayName(IOptions<XdsGatewayOptions> options, IRandomSource random)
{
    private const int Incarnations = 1 << 24;

    /// <summary>The name, unique for each start of a process.</summary>
    public string Value { get; } = string.Create(
        CultureInfo.InvariantCulture, $"{options.Value.Name}/{(int)(random.NextDouble() * Incarnations):x6}");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
