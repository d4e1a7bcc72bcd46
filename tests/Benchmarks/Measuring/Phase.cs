using MeshOrleans.Benchmarks.Subjects;

namespace MeshOrleans.Benchmarks.Measuring;

/// <summary>One thing to be measured.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Subject">What is changed.</param>
/// <param name="Followers">How many follow the snapshot meanwhile, and must receive every change.</param>
/// <param name="PerSecond">Changes asked for per second; null for as many as are acknowledged.</param>
internal sealed record Phase(string Name, ISubject Subject, int Followers, int? PerSecond = null);
