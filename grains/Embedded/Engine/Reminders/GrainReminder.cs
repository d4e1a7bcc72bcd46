namespace MeshOrleans.Grains.Embedded;

/// <summary>What a grain holds of its reminder.</summary>
internal sealed record GrainReminder(ReminderKey Key) : IGrainReminder
{
    public string ReminderName => Key.Name;
}
