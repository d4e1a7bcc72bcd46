namespace Orleans.Runtime;

/// <summary>A saved appointment of a grain.</summary>
public interface IGrainReminder
{
    string ReminderName { get; }
}
