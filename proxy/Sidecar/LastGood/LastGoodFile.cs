using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Proxy.Configuration;
using MeshOrleans.Proxy.Sidecar.State;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Discovery;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.LastGood;

/// <summary>A configuration that was accepted once, and when.</summary>
internal sealed record LastGood(ResourceSet Resources, DateTimeOffset SavedAt);

/// <summary>
/// The accepted resources on disk: magic, time, length, SHA-256, then one delta response per type. It is read back by
/// the same readers that read the network, so it can be no more permissive than that.
/// </summary>
internal sealed partial class LastGoodFile(StateFolder folder, ILogger<LastGoodFile> logger)
{
    public const string FileName = "config.lkg";
    private const int HeaderBytes = 8 + 8 + 8 + SHA256.HashSizeInBytes;
    private const long MaxBytes = 512L << 20;
    private static ReadOnlySpan<byte> Magic => "MESHLKG1"u8;

    /// <summary>Reads it; a damaged file is reported and counts as none.</summary>
    public LastGood? Load()
    {
        try
        {
            if (folder.Read(FileName, MaxBytes) is not { } bytes) return null;
            return Parse(bytes, out var reason) ?? Ignore(reason);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Ignore(exception.Message);
        }
    }

    /// <summary>Replaces it. A full disk costs the copy, not the traffic.</summary>
    public void Save(ResourceSet resources, DateTimeOffset now)
    {
        var payload = Encode(resources);
        var header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), now.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), payload.Length);
        Checksum(header, payload).CopyTo(header.AsSpan(24));
        try
        {
            folder.Write(FileName, stream =>
            {
                stream.Write(header);
                stream.Write(payload);
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnsaved(folder.PathOf(FileName), exception.Message);
        }
    }

    private static LastGood? Parse(byte[] bytes, out string reason)
    {
        reason = "it is not a configuration that a sidecar saved";
        if (bytes.Length < HeaderBytes || !bytes.AsSpan().StartsWith(Magic)) return null;
        var payload = bytes.AsSpan(HeaderBytes);
        reason = "it is cut off";
        if (BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16)) != payload.Length) return null;
        reason = "its checksum is wrong";
        if (!Checksum(bytes, payload).AsSpan().SequenceEqual(bytes.AsSpan(24, SHA256.HashSizeInBytes))) return null;

        var milliseconds = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8));
        reason = "its time is none";
        if (milliseconds is < 0 or > 253_402_300_799_999) return null;
        return Decode(payload.ToArray(), ref reason) is { } resources
            ? new LastGood(resources, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds))
            : null;
    }

    // The time is part of what is checked: an old file must not pass for a new one.
    private static byte[] Checksum(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header[..24]);
        hash.AppendData(payload);
        return hash.GetHashAndReset();
    }

    private static ResourceSet? Decode(byte[] payload, ref string reason)
    {
        var set = ResourceSet.Empty;
        try
        {
            using var stream = new MemoryStream(payload);
            while (stream.Position < stream.Length)
            {
                switch (ResourceReader.Apply(set, DeltaDiscoveryResponse.Parser.ParseDelimitedFrom(stream)))
                {
                    case ReadOutcome.Read read:
                        set = read.Resources;
                        break;
                    case ReadOutcome.Refused refused:
                        reason = refused.Reason;
                        return null;
                }
            }
        }
        catch (InvalidProtocolBufferException exception)
        {
            reason = exception.Message;
            return null;
        }

        return set;
    }

    // Clusters before assignments and listeners before routes: what nobody refers to yet would be dropped.
    private static byte[] Encode(ResourceSet resources)
    {
        using var stream = new MemoryStream();
        Append(stream, TypeUrls.Cluster, resources.Clusters.Values.Select(r => (r.Name, r.Version, r.Body)));
        Append(
            stream, TypeUrls.ClusterLoadAssignment, resources.Assignments.Values.Select(
                r => (r.Name, r.Version, r.Body)));
        Append(stream, TypeUrls.Listener, resources.Listeners.Values.Select(r => (r.Name, r.Version, r.Body)));
        Append(stream, TypeUrls.RouteConfiguration, resources.Routes.Values.Select(r => (r.Name, r.Version, r.Body)));
        return stream.ToArray();
    }

    private static void Append(
        Stream stream, string typeUrl, IEnumerable<(string Name, string Version, Any Body)> resources)
    {
        var response = new DeltaDiscoveryResponse { TypeUrl = typeUrl };
        response.Resources.AddRange(
            resources.Select(r => new Resource { Name = r.Name, Version = r.Version, Resource_ = r.Body }));
        response.WriteDelimitedTo(stream);
    }

    private LastGood? Ignore(string reason)
    {
        LogIgnored(folder.PathOf(FileName), reason);
        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} is ignored: {Reason}.")]
    private partial void LogIgnored(string file, string reason);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "{File} cannot be written; a restart will need the control plane: {Reason}.")]
    private partial void LogUnsaved(string file, string reason);
}
