using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Testing;

/// <summary>A real external authorizer, of HTTP or of gRPC, that remembers what it was asked.</summary>
public sealed class TestAuthorizer : IAsyncDisposable
{
    /// <summary>The method of gRPC authorizers.</summary>
    public const string Method = "/envoy.service.auth.v3.Authorization/Check";

    private readonly WebApplication _app;

    private TestAuthorizer(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public int Port { get; private set; }

    /// <summary>What it was asked.</summary>
    public ConcurrentQueue<Question> Questions { get; } = new();

    /// <summary>How it answers.</summary>
    public Func<Question, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Starts one that allows everything.</summary>
    public static async Task<TestAuthorizer> StartAsync(bool isGrpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen => listen.Protocols = isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var app = builder.Build();
        var authorizer = new TestAuthorizer(app);
        if (isGrpc) authorizer.Answer = (_, context) => AnswerGrpcAsync(context, Allow());
        IApplicationBuilder pipeline = app;
        pipeline.Run(context => isGrpc ? authorizer.CheckAsync(context) : authorizer.HandleAsync(context));
        await app.StartAsync();
        authorizer.Port = new Uri(app.Urls.Single()).Port;
        return authorizer;
    }

    /// <summary>Writes a message and a status as gRPC has them.</summary>
    public static async Task AnswerGrpcAsync(HttpContext context, byte[] message, string status = "0")
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(frame);
        context.Response.AppendTrailer("grpc-status", status);
    }

    /// <summary><c>CheckResponse</c> that allows, with headers for the request and the response, and some to take out.</summary>
    public static byte[] Allow(
        (string Name, string Value)[]? request = null, string[]? removed = null, (string Name, string Value)[]? response = null) =>
    [
        .. Field(1, []), // google.rpc.Status, code 0
        .. Field(
            3,
            [
                .. (request ?? []).SelectMany(h => Field(2, Header(h.Name, h.Value))),
                .. (removed ?? []).SelectMany(name => Field(5, Encoding.UTF8.GetBytes(name))),
                .. (response ?? []).SelectMany(h => Field(6, Header(h.Name, h.Value))),
            ]),
    ];

    /// <summary><c>CheckResponse</c> that denies; without a status it says nothing but that.</summary>
    public static byte[] Deny(int? status = null, string body = "", params (string Name, string Value)[] headers) =>
    [
        .. Field(1, [8, 7]), // code PERMISSION_DENIED
        .. status is { } code
            ? Field(
                2,
                [
                    .. Field(1, [8, (byte)((code & 0x7f) | 0x80), (byte)(code >> 7)]),
                    .. headers.SelectMany(h => Field(2, Header(h.Name, h.Value))),
                    .. Field(3, Encoding.UTF8.GetBytes(body)),
                ])
            : [],
    ];

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static byte[] Header(string name, string value) =>
        Field(1, [.. Field(1, Encoding.Latin1.GetBytes(name)), .. Field(2, Encoding.Latin1.GetBytes(value))]);

    private static byte[] Field(int number, byte[] value)
    {
        var bytes = new List<byte> { (byte)((number << 3) | 2) };
        for (var rest = (uint)value.Length; ; rest >>= 7)
        {
            bytes.Add((byte)(rest < 0x80 ? rest : (rest & 0x7f) | 0x80));
            if (rest < 0x80) break;
        }

        return [.. bytes, .. value];
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var question = new Question(
            context.Request.Method,
            context.Request.Path + context.Request.QueryString,
            await reader.ReadToEndAsync(),
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            "");
        Questions.Enqueue(question);
        await Answer(question, context);
    }

    private async Task CheckAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var attributes = One(body.ToArray()[5..], 1);
        var http = One(One(attributes, 4), 2);
        var headers = Fields(http).Where(f => f.Number == 3).ToDictionary(
            f => Encoding.UTF8.GetString(One(f.Value, 1)), f => Encoding.UTF8.GetString(One(f.Value, 2)));
        var shown = One(http, 11) is { Length: > 0 } text ? text : One(http, 12);
        var question = new Question(
            Encoding.UTF8.GetString(One(http, 2)),
            Encoding.UTF8.GetString(One(http, 4)),
            Encoding.UTF8.GetString(shown),
            headers,
            Encoding.UTF8.GetString(One(One(attributes, 1), 4)));
        Questions.Enqueue(question);
        if (context.Request.Path == Method) await Answer(question, context);
        else await AnswerGrpcAsync(context, [], "12");
    }

    private static byte[] One(byte[] message, int number) =>
        Fields(message).Where(f => f.Number == number).Select(f => f.Value).FirstOrDefault() ?? [];

    private static IEnumerable<(int Number, byte[] Value)> Fields(byte[] message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint();
            var length = Varint();
            if ((tag & 7) != 2) continue; // a number has been read in the place of the length
            yield return ((int)(tag >> 3), message[at..(at + (int)length)]);
            at += (int)length;
        }

        ulong Varint()
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var next = message[at++];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80) return value;
            }
        }
    }

    /// <summary>What it was asked.</summary>
    public sealed record Question(
        string Verb, string Target, string Body, Dictionary<string, string> Headers, string Principal);
}
