namespace MeshOrleans.Model.Config.GatewayApi;

/// <summary>
/// Says who cares for the Gateways of a class. It belongs to no namespace: its key names it twice,
/// <c>GatewayClass/edge/edge</c>.
/// </summary>
/// <param name="ControllerName">Who, e.g. <c>mesh.orleans.io/gateway-controller</c>.</param>
public sealed record GatewayClass(string ControllerName) : ConfigSpec
{
    /// <summary>This mesh.</summary>
    public const string Controller = "mesh.orleans.io/gateway-controller";

    /// <summary>Whether Gateways of the class are this mesh's matter; those that were written for Istio are too.</summary>
    public bool IsOurs => ControllerName is Controller or "istio.io/gateway-controller";
}
