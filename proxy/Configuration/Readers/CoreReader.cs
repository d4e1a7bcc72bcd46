using System.Collections.Immutable;
using System.Net;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Type;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>The small messages that many resources are made of.</summary>
internal static class CoreReader
{
    private static readonly TimeSpan LongestAge = TimeSpan.FromDays(10_000);

    /// <summary>A message that an <c>Any</c> carries.</summary>
    public static T Unpack<T>(Any any, FieldPath at)
        where T : IMessage, new()
    {
        var message = new T();
        if (Any.GetTypeName(any.TypeUrl) != message.Descriptor.FullName)
        {
            throw new UnusableResourceException(at, $"{any.TypeUrl} is not supported here");
        }

        try
        {
            message.MergeFrom(any.Value);
            return message;
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new UnusableResourceException(at, $"{any.TypeUrl} cannot be read: {exception.Message}");
        }
    }

    /// <summary>A prepared part whose constructor refuses what it cannot use.</summary>
    public static T Build<T>(FieldPath at, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw new UnusableResourceException(at, exception.Message);
        }
    }

    /// <summary>
    /// A duration of zero or more that may be waited for, at most <see cref="Timers.Longest"/>; null where there is none.
    /// </summary>
    public static TimeSpan? Span(Duration? duration, FieldPath at) => Read(duration, at, Timers.Longest);

    /// <summary>A duration of zero or more that nobody waits for, or null where there is none.</summary>
    public static TimeSpan? Age(Duration? duration, FieldPath at) => Read(duration, at, LongestAge);

    /// <summary>A duration where zero means the same as none.</summary>
    public static TimeSpan? Positive(Duration? duration, FieldPath at) =>
        Span(duration, at) is { } span && span > TimeSpan.Zero ? span : null;

    public static Fraction Share(FractionalPercent? percent)
    {
        if (percent is null) return Fraction.None;
        long unit = percent.Denominator switch
        {
            FractionalPercent.Types.DenominatorType.Hundred => 10_000,
            FractionalPercent.Types.DenominatorType.TenThousand => 100,
            _ => 1,
        };
        return new Fraction((int)Math.Min(percent.Numerator * unit, Fraction.All.PerMillion));
    }

    /// <summary>
    /// The bytes of a data source. Files and variables of this machine are none of the control plane's
    /// business.
    /// </summary>
    public static byte[] Inline(DataSource? source, FieldPath at) => source?.SpecifierCase switch
    {
        DataSource.SpecifierOneofCase.InlineBytes => source.InlineBytes.ToByteArray(),
        DataSource.SpecifierOneofCase.InlineString => System.Text.Encoding.UTF8.GetBytes(source.InlineString),
        null or DataSource.SpecifierOneofCase.None => throw new UnusableResourceException(at, "is empty"),
        var other => throw new UnusableResourceException(at, $"{other} is not supported; only inline data is"),
    };

    public static HeaderOperations Headers(
        IEnumerable<string> remove, IReadOnlyList<HeaderValueOption> add, FieldPath at)
    {
        var set = ImmutableArray.CreateBuilder<HeaderMutation>(add.Count);
        foreach (var (i, option) in add.Index())
        {
            var header = option.Header ?? throw new UnusableResourceException(at.At(i).At("header"), "is required");
            var value = header.RawValue.IsEmpty ? header.Value : header.RawValue.ToStringUtf8();
            if (value.Length == 0 && !option.KeepEmptyValue) continue;
            if (header.Key.Length == 0 || !header.Key.All(IsTokenCharacter))
            {
                throw new UnusableResourceException(
                    at.At(i).At("header").At("key"), $"'{header.Key}' is not a header name");
            }

            HeaderValue(value, at.At(i).At("header").At("value"));
            if (FramingHeaders.Contains(header.Key)) continue;
            set.Add(
                new HeaderMutation(
                    header.Key, Build(at.At(i), () => HeaderValueTemplate.Parse(value)), Append(option)));
        }

        ImmutableArray<string> removed = [.. remove];
        return removed.IsEmpty && set.Count == 0
            ? HeaderOperations.None
            : new HeaderOperations(removed, set.ToImmutable());
    }

    /// <summary>A text that may stand in a header.</summary>
    public static string HeaderValue(string text, FieldPath at) => text.AsSpan().IndexOfAny("\r\n\0") < 0
        ? text
        : throw new UnusableResourceException(at, "has a line break");

    public static IPNetwork Network(CidrRange range, FieldPath at)
    {
        if (!IPAddress.TryParse(range.AddressPrefix, out var address))
        {
            throw new UnusableResourceException(
                at.At("address_prefix"), $"'{range.AddressPrefix}' is not an IP address");
        }

        var bytes = address.GetAddressBytes();
        var length = (int)Math.Min(range.PrefixLen ?? 0, int.MaxValue);
        if (length > bytes.Length * 8)
        {
            throw new UnusableResourceException(at.At("prefix_len"), $"{length} is more than the address has");
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - i * 8, 0, 8);
            bytes[i] &= (byte)(0xFF00 >> kept); // the bits beyond the prefix do not count
        }

        return new IPNetwork(new IPAddress(bytes), length);
    }

    /// <summary>The literal address and port of a socket address.</summary>
    public static (IPAddress Address, int Port) Socket(Address? address, FieldPath at)
    {
        if (address?.SocketAddress is not { } socket)
        {
            throw new UnusableResourceException(at, "only a socket_address is supported");
        }

        if (!IPAddress.TryParse(socket.Address, out var ip))
        {
            throw new UnusableResourceException(
                at.At("socket_address").At("address"), $"'{socket.Address}' is not an IP address");
        }

        if (socket.PortValue is 0 or > 65535)
        {
            throw new UnusableResourceException(
                at.At("socket_address").At("port_value"), $"{socket.PortValue} is not a port");
        }

        return (ip, (int)socket.PortValue);
    }

    /// <summary>The host, by literal address or by DNS name, and port of a socket address.</summary>
    public static (string Host, int Port) NamedSocket(Address? address, FieldPath at)
    {
        var name = address?.SocketAddress?.Address ?? "";
        if (IPAddress.TryParse(name, out _) || Uri.CheckHostName(name) is not UriHostNameType.Dns)
        {
            var (literal, port) = Socket(address, at);
            return (literal.ToString(), port);
        }

        var number = address!.SocketAddress.PortValue;
        if (number is 0 or > 65535)
        {
            throw new UnusableResourceException(at.At("socket_address").At("port_value"), $"{number} is not a port");
        }

        return (name.ToLowerInvariant(), (int)number);
    }

    /// <summary>A text of a metadata struct, or null.</summary>
    public static string? MetadataText(Metadata? metadata, string filter, string field) =>
        metadata is not null
        && metadata.FilterMetadata.TryGetValue(filter, out var fields)
        && fields.Fields.TryGetValue(field, out var value)
        && value.KindCase is Value.KindOneofCase.StringValue
            ? value.StringValue
            : null;

    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~:".Contains(c);

    private static HeaderAppendAction Append(HeaderValueOption option) => option.Append switch
    {
        true => HeaderAppendAction.Append,
        false => HeaderAppendAction.Overwrite,
        null => option.AppendAction switch
        {
            HeaderValueOption.Types.HeaderAppendAction.AddIfAbsent => HeaderAppendAction.AddIfAbsent,
            HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd => HeaderAppendAction.Overwrite,
            HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExists => HeaderAppendAction.OverwriteIfExists,
            _ => HeaderAppendAction.Append,
        },
    };

    private static TimeSpan? Read(Duration? duration, FieldPath at, TimeSpan longest)
    {
        if (duration is null) return null;
        if (duration.Seconds < 0 || duration.Nanos < 0) throw new UnusableResourceException(at, "must not be negative");
        return duration.Seconds >= (long)longest.TotalSeconds
            ? longest
            : TimeSpan.FromSeconds(duration.Seconds) + TimeSpan.FromTicks(duration.Nanos / 100);
    }
}
