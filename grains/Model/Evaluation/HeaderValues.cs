namespace MeshOrleans.Model.Evaluation;

/// <summary>All values of one header, without an allocation for the usual one.</summary>
public readonly struct HeaderValues : IEquatable<HeaderValues>
{
    private readonly string? _single;
    private readonly string?[]? _many;

    /// <summary>One value; null means that the header is absent.</summary>
    public HeaderValues(string? value) => _single = value;

    /// <summary>Any number of values. The array is kept, not copied.</summary>
    public HeaderValues(string?[]? values) => _many = values;

    /// <summary>How many times the header was sent.</summary>
    public int Count => _many?.Length ?? (_single is null ? 0 : 1);

    /// <summary>One value, counted from 0.</summary>
    public string this[int index] => _many is null ? _single! : _many[index] ?? "";

    /// <summary>The values as one text, joined by commas; null when the header is absent.</summary>
    public string? Joined => Count switch
    {
        0 => null,
        1 => this[0],
        _ => string.Join(',', _many!),
    };

    /// <inheritdoc/>
    public bool Equals(HeaderValues other) => string.Equals(Joined, other.Joined, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is HeaderValues other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Joined?.GetHashCode(StringComparison.Ordinal) ?? 0;

    /// <summary>True when both hold the same text.</summary>
    public static bool operator ==(HeaderValues left, HeaderValues right) => left.Equals(right);

    /// <summary>True when the texts differ.</summary>
    public static bool operator !=(HeaderValues left, HeaderValues right) => !left.Equals(right);
}
