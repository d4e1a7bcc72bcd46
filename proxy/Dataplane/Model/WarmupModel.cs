namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>How a new endpoint's share of the traffic rises to its full weight (Envoy's slow start).</summary>
public sealed record WarmupModel
{
    /// <summary>How long it takes.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The share of the weight at the beginning, in percent.</summary>
    /// <value>10 by default.</value>
    public double MinimumPercent { get; init; } = 10;

    /// <summary>The shape of the rise: above 1 it is steep at first. Above 0.</summary>
    /// <value>1, a straight line, by default.</value>
    public double Aggression { get; init; } = 1;

    /// <summary>The share of the weight that an endpoint of this age has, from just above 0 to 1.</summary>
    /// <remarks>Source: Envoy, "Slow start mode": <c>max(minimum, (age / duration) ^ (1 / aggression))</c>.</remarks>
    public double ShareAt(TimeSpan age)
    {
        if (age >= Duration) return 1;
        var passed = Math.Max(age.TotalSeconds, 0) / Duration.TotalSeconds;
        return Math.Max(Math.Max(MinimumPercent, 0.1) / 100, Math.Pow(passed, 1 / Aggression));
    }
}
