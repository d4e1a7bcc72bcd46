namespace MeshOrleans.Model;

/// <summary>Where chance comes from, so that a test can decide it. Not for secrets.</summary>
public interface IRandomSource
{
    /// <summary>The next number: 0 or more, less than 1.</summary>
    double NextDouble();
}
