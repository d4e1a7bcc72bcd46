using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests;

/// <summary>The control plane and the two members of one test, and where they keep what they have.</summary>
internal sealed class SmallMesh(string name)
{
    public DirectoryInfo Directory { get; } = System.IO.Directory.CreateTempSubdirectory(name);

    public ControlPlane ControlPlane { get; set; } = null!;

    public Member Client { get; set; } = null!;

    public Member Server { get; set; } = null!;

    /// <summary>Ends whatever was started, members first: a test that fails at the start says why, and not that this is null.</summary>
    public async Task EndAsync()
    {
        if (Client is not null) await Client.DisposeAsync();
        if (Server is not null) await Server.DisposeAsync();
        if (ControlPlane is not null) await ControlPlane.DisposeAsync();
        Directory.Delete(recursive: true);
    }
}
