namespace Orleans.Runtime;

/// <summary>A reminder could not be saved or removed.</summary>
public sealed class ReminderException(string message) : OrleansException(message);
