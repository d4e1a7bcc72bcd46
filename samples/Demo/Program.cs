using System.Runtime.InteropServices;
using System.Text.Json;
using MeshOrleans.Samples.Demo;
using Spectre.Console;

// A whole mesh on this machine, under the source documents' own YAML. --once ends by itself, --json prints the rows as
// JSON.
if (args.Except(["--once", "--json"]).Any())
{
    Console.Error.WriteLine("usage: ./mesh demo [--once] [--json]");
    return 2;
}

var directory = Directory.CreateTempSubdirectory("mesh-demo-");
using var interrupted = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
try
{
    var begin = DateTime.UtcNow;
    await using var mesh = await DemoMesh.StartAsync(
        directory.FullName, text => Console.Error.WriteLine($"demo: {text} ..."));
    var rows = new List<DemoRow>();
    foreach (var row in new DemoRows(mesh).All)
    {
        rows.Add(await Tried(row));
        Console.Error.WriteLine($"demo: {rows[^1].Row}: {(rows[^1].Holds ? "holds" : "DOES NOT HOLD")}");
        if (interrupted.IsCancellationRequested) return 130;
    }

    Print(rows, args.Contains("--json"), DateTime.UtcNow - begin);
    if (!args.Contains("--once"))
    {
        PrintAddresses(mesh);
        try
        {
            await Task.Delay(Timeout.Infinite, interrupted.Token);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("demo: ending everything");
        }
    }

    return rows.TrueForAll(r => r.Holds) ? 0 : 1;
}
finally
{
    directory.Delete(recursive: true);
}

// Everything that was started is ended before the demo is.
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    interrupted.Cancel();
}

// A row that cannot be measured does not hold; the others are still shown.
static async Task<DemoRow> Tried(Func<Task<DemoRow>> row)
{
    try
    {
        return await row();
    }
    catch (Exception exception) when (exception is not OutOfMemoryException)
    {
        return new DemoRow(
            row.Method.Name.Replace("Async", "", StringComparison.Ordinal),
            "an answer",
            exception.Message,
            Holds: false);
    }
}

static void Print(List<DemoRow> rows, bool json, TimeSpan took)
{
    if (json)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true };
        Console.WriteLine(JsonSerializer.Serialize(rows, options));
        return;
    }

    var table = new Table().Border(TableBorder.Rounded).AddColumns("", "row", "asked", "measured");
    foreach (var row in rows)
    {
        table.AddRow(
            row.Holds ? "[green]ok[/]" : "[red]NO[/]",
            Markup.Escape(row.Row),
            Markup.Escape(row.Asked),
            Markup.Escape(row.Measured));
    }

    AnsiConsole.Write(table);
    AnsiConsole.WriteLine($"{rows.Count(r => r.Holds)} of {rows.Count} rows hold; {took.TotalSeconds:F0} s.");
}

static void PrintAddresses(DemoMesh mesh)
{
    Console.WriteLine($"""

        REST API of mesh A   {mesh.First.ApiAddress}   (admin token: {mesh.First.DataDirectory}/admin-token)
        REST API of mesh B   {mesh.Second.ApiAddress}
        call as order-service:
          curl -x http://127.0.0.1:{mesh.Orders.OutboundPort} http://user-service/
        call as a stranger:
          curl -x http://127.0.0.1:{mesh.Stranger.OutboundPort} http://payment-service.production/
        Ctrl-C ends everything.
        """);
}
