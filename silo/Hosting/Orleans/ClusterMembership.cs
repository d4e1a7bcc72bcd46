using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Orleans.Configuration;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>How the processes of a cluster find one another, and how soon they give one up.</summary>
internal static class ClusterMembership
{
    public const string Invariant = "Npgsql";

    private const int DefaultSiloPort = 11111;
    private const int DefaultGrainPort = 30000;

    /// <summary>Names the cluster.</summary>
    public static void Name(ClusterOptions options, SiloOptions settings)
    {
        options.ClusterId = settings.Cluster;
        options.ServiceId = settings.Cluster;
    }

    /// <summary>
    /// A silo that is killed is given up within seconds, as its connections end. One that stands still must miss three probes
    /// in the eyes of two others, which takes 10 to 15 seconds: long enough for a busy machine. Nothing may stretch that: not a
    /// long history of slow answers, not what the silo sent before it stood still (both count for three of the longest probes).
    /// </summary>
    public static void SetLiveness(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(2);
        options.MinProbeTimeout = TimeSpan.FromSeconds(1);
        options.MaxProbeTimeout = TimeSpan.FromSeconds(2);
        options.ExtendProbeTimeoutDuringDegradation = false;
        options.NumMissedProbesLimit = 3;
        options.NumVotesForDeathDeclaration = 2;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        options.DeathVoteExpirationTimeout = TimeSpan.FromMinutes(1);
        options.IAmAliveTablePublishTimeout = SilentSiloWatch.HeartbeatTime;
        options.DefunctSiloExpiration = TimeSpan.FromDays(1);
    }

    /// <summary>Where this silo listens, and where the others dial it.</summary>
    public static void SetEndpoints(EndpointOptions options, SiloOptions settings)
    {
        var bind = IPAddress.Parse(settings.Bind);
        options.AdvertisedIPAddress = settings.SiloAddress.Length > 0 ? IPAddress.Parse(settings.SiloAddress)
            : IsAny(bind) ? OwnAddress()
            : bind;
        options.SiloPort = PortOf(settings.SiloPort, DefaultSiloPort);
        options.GatewayPort = PortOf(settings.GrainPort, DefaultGrainPort);
        options.SiloListeningEndpoint = new IPEndPoint(bind, options.SiloPort);
        options.GatewayListeningEndpoint = new IPEndPoint(bind, options.GatewayPort);
    }

    /// <summary>A port that is free now, where 0 stands for "any", which Orleans does not take.</summary>
    public static int PortOf(int? asked, int otherwise)
    {
        if ((asked ?? otherwise) is var port and not 0) return port;
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static IPAddress OwnAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(i => i.GetIPProperties().UnicastAddresses)
        .Select(a => a.Address)
        .FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? IPAddress.Loopback;
}
