using System.Net;
using MeshOrleans.Samples.Harness;

namespace MeshOrleans.EndToEnd.Tests.Resilience;

/// <summary>The disk of the state directory is full, or may not be written.</summary>
public sealed class DiskTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    [SmallDiskFact]
    public async Task A_full_disk_refuses_writes_in_words_and_loses_nothing_that_was_acknowledged()
    {
        using var disk = SmallDisk.Mount(megabytes: 16);
        await using var controlPlane = await ControlPlane.StartAsync(Path.Combine(disk.Path, "data"));
        var acknowledged = 0;
        while (acknowledged < 5) await controlPlane.ApplyAsync(Manifest(++acknowledged));

        disk.Fill();
        var refusal = "";
        while (refusal.Length == 0)
        {
            using var response = await controlPlane.TryApplyAsync(Manifest(acknowledged + 1));
            if (response.IsSuccessStatusCode)
            {
                Assert.True(++acknowledged < 500, "The disk is full, and yet 500 changes were taken.");
                continue;
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
            refusal = await response.Content.ReadAsStringAsync();
        }

        Assert.Contains("the disk is full", refusal, StringComparison.Ordinal);
        Assert.Equal(acknowledged, await NewestAsync(controlPlane)); // reads go on

        disk.Free();
        await controlPlane.ApplyAsync(Manifest(++acknowledged));
        controlPlane.Process.Kill();
        await controlPlane.RestartAsync();

        Assert.Equal(acknowledged, await NewestAsync(controlPlane));
    }

    [SmallDiskFact]
    public async Task A_full_disk_keeps_no_control_plane_from_starting_that_can_read_its_state()
    {
        using var disk = SmallDisk.Mount(megabytes: 16);
        var data = Path.Combine(disk.Path, "data");
        var addresses = Path.Combine(data, "control-plane.json");
        await using var same = await ControlPlane.StartAsync(data);
        await same.ApplyAsync(Manifest(1));
        var told = await File.ReadAllTextAsync(addresses);

        disk.Fill();
        same.Process.Kill();
        await same.RestartAsync(); // on the same ports: the file is right as it is
        Assert.Equal(1, await NewestAsync(same));
        Assert.True(same.Process.Said("can be read, but the disk is full"), same.Process.Tail());
        Assert.Equal(told, await File.ReadAllTextAsync(addresses));
        Assert.False(same.Process.Said("mesh-silo: warning"), same.Process.Tail());

        same.Process.Kill();
        await same.Process.WaitForExitAsync(_patience);
        disk.Fill();
        await using var other = await ControlPlane.StartAsync(data); // on others

        Assert.Equal(1, await NewestAsync(other));
        Assert.True(other.Process.Said("control-plane.json cannot be written"), other.Process.Tail());
        Assert.False(File.Exists(addresses), "control-plane.json still tells of the earlier start.");
        disk.Free();
        await other.ApplyAsync(Manifest(2));
    }

    [SmallDiskFact]
    public async Task A_directory_that_may_not_be_written_is_refused_at_start_in_one_line_and_left_as_it_is()
    {
        using var disk = SmallDisk.Mount(megabytes: 16);
        var data = Path.Combine(disk.Path, "data");
        await using (var first = await ControlPlane.StartAsync(data))
        {
            await first.ApplyAsync(Manifest(1));
            first.Process.Terminate();
            await first.Process.WaitForExitAsync(_patience);
        }

        disk.MakeReadOnly();
        var before = Directory.GetFiles(data, "*", SearchOption.AllDirectories).Order().ToArray();
        await using var second = MeshProcess.Start(
            "control plane",
            Binaries.Find("MeshOrleans.Silo", "silo", "mesh-silo"),
            ["--data", data, "--api-port", "0", "--xds-port", "0", "--xds-plain-port", "-1", "--monitoring-port", "0"]);

        Assert.Equal(1, await second.WaitForExitAsync(_patience));
        Assert.True(second.Said("mesh-silo: ") && second.Said("not writable"), second.Tail());
        Assert.Equal(before, Directory.GetFiles(data, "*", SearchOption.AllDirectories).Order());
    }

    private static async Task<int> NewestAsync(ControlPlane controlPlane)
    {
        var history = await controlPlane.WaitForAsync("/v1/revisions", _ => true, "a history");
        return history[0].GetProperty("revision").GetInt32();
    }

    // large enough that a handful fills what a database keeps in reserve
    private static string Manifest(int number) =>
        "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: counter, namespace: default, annotations: {"
        + $"text: {new string('x', 60_000)}}}}}, spec: {{hosts: [n{number}.test], "
        + "ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 127.9.9.9}]}}";
}
