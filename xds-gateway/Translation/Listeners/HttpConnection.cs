using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Router;
using MeshOrleans.Xds.Translation.Index;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>Makes the HTTP connection manager, the filter of every HTTP chain.</summary>
internal static class HttpConnection
{
    /// <summary>What inbound and outbound have in common; route table and filters are still to be set.</summary>
    public static HttpConnectionManager Common(MeshSettings settings, string statPrefix) => new()
    {
        CodecType = HttpConnectionManager.Types.CodecType.Auto,
        StatPrefix = statPrefix,
        UseRemoteAddress = false,
        GenerateRequestId = true,
        StreamIdleTimeout = new Duration(), // none: Envoy's own default of 5 min is none of Istio's
        NormalizePath = settings.PathNormalization is not PathNormalization.None,
        MergeSlashes = settings.PathNormalization
            is PathNormalization.MergeSlashes or PathNormalization.DecodeAndMergeSlashes,
        PathWithEscapedSlashesAction = settings.PathNormalization is PathNormalization.DecodeAndMergeSlashes
            ? HttpConnectionManager.Types.PathWithEscapedSlashesAction.UnescapeAndForward
            : HttpConnectionManager.Types.PathWithEscapedSlashesAction.KeepUnchanged,
        UpgradeConfigs = { new HttpConnectionManager.Types.UpgradeConfig { UpgradeType = "websocket" } },
    };

    public static HttpFilter Filter(string name, IMessage settings, bool isOptional = false) =>
        new() { Name = name, TypedConfig = Any.Pack(settings), IsOptional = isOptional };

    /// <summary>The last filter of every chain.</summary>
    public static HttpFilter Router() => Filter(FilterNames.Router, new Router());

    public static Filter Pack(HttpConnectionManager manager) =>
        new() { Name = FilterNames.HttpConnectionManager, TypedConfig = Any.Pack(manager) };
}
