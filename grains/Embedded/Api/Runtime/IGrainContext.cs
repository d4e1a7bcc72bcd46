namespace Orleans.Runtime;

/// <summary>One activation of a grain, as the runtime sees it.</summary>
public interface IGrainContext
{
    GrainId GrainId { get; }

    /// <summary>The grain; null until its constructor has run.</summary>
    object? GrainInstance { get; }

    IServiceProvider ActivationServices { get; }

    /// <summary>Ends when the activation has ended.</summary>
    Task Deactivated { get; }

    /// <summary>Takes no new calls, finishes those that have begun, then ends.</summary>
    void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
}
