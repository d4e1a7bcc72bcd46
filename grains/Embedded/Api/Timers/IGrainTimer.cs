namespace Orleans.Runtime;

/// <summary>A timer of one activation.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Starts it afresh.</summary>
    void Change(TimeSpan dueTime, TimeSpan period);
}
