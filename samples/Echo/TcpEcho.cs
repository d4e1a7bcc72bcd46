using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Samples.Echo;

/// <summary>Sends every byte back, also the last ones of a caller that has no more.</summary>
internal static class TcpEcho
{
    public static async Task ServeAsync(ConnectionContext connection)
    {
        await using (connection)
        {
            await connection.Transport.Input.CopyToAsync(connection.Transport.Output);
        }
    }
}
