namespace MeshOrleans.Grains.Duties;

/// <summary>
/// Something that one process of the control plane does for all of them, such as reading the peers. Key: the duty's name.
/// Kept in memory only: when its silo is lost two processes may do it for a moment, so a duty must bear that.
/// </summary>
[Alias("mesh.IDutyGrain")]
public interface IDutyGrain : IGrainWithStringKey
{
    /// <summary>Takes the duty up, or holds on to it; refused while another process holds it.</summary>
    /// <param name="holder">The process.</param>
    /// <param name="time">For how long, from now on; it is renewed well before that.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether this process is the one.</returns>
    [Alias("TryHold")]
    Task<bool> TryHoldAsync(string holder, TimeSpan time, CancellationToken cancellationToken);
}
