namespace Orleans.Runtime;

/// <summary>The grain behind a running enumeration was deactivated; enumerate again.</summary>
public sealed class EnumerationAbortedException : Exception
{
    public EnumerationAbortedException()
    {
    }

    public EnumerationAbortedException(string message) : base(message)
    {
    }

    public EnumerationAbortedException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
