using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Samples.Echo;

/// <summary>Sends every byte back, until the caller has no more.</summary>
internal static class TcpEcho
{
    public static async Task ServeAsync(ConnectionContext connection)
    {
        await using (connection)
        {
            await connection.Transport.Input.CopyToAsync(connection.Transport.Output, connection.ConnectionClosed);
        }
    }
}
