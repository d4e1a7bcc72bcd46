namespace MeshOrleans.EndToEnd.Tests.Differences;

/// <summary>Chance that one number decides: the same seed draws the same.</summary>
internal sealed class Draw(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>A whole number from 0, below the limit.</summary>
    public int Below(int limit) => _random.Next(limit);

    /// <summary>True in so many of 100 cases.</summary>
    public bool Hits(int percent) => _random.Next(100) < percent;

    /// <summary>One of these.</summary>
    public T One<T>(params T[] all) => all[_random.Next(all.Length)];

    /// <summary>So many parts, one beside another.</summary>
    public string Many(int least, int most, Func<int, string> part) =>
        string.Join(", ", Enumerable.Range(0, _random.Next(least, most + 1)).Select(part));

    /// <summary>The text, or nothing.</summary>
    public string Perhaps(int percent, Func<string> text) => Hits(percent) ? text() : "";
}
