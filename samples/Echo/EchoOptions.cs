using System.Net;

namespace MeshOrleans.Samples.Echo;

/// <summary>Who the echo pretends to be, and where it listens.</summary>
internal sealed record EchoOptions(IPAddress Address, int Port, int? TcpPort, string Service, string Version)
{
    /// <summary>Reads the command line; null when it makes no sense.</summary>
    public static EchoOptions? Read(string[] args)
    {
        var options = new EchoOptions(IPAddress.Loopback, 0, TcpPort: null, "echo", "v1");
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length) return null;
            var value = args[i + 1];
            switch (args[i])
            {
                case "--port" when ushort.TryParse(value, out var port): options = options with { Port = port }; break;
                case "--tcp-port" when ushort.TryParse(value, out var port):
                    options = options with { TcpPort = port };
                    break;
                case "--address" when IPAddress.TryParse(value, out var ip):
                    options = options with { Address = ip };
                    break;
                case "--service": options = options with { Service = value }; break;
                case "--version": options = options with { Version = value }; break;
                default: return null;
            }
        }

        return options;
    }
}
