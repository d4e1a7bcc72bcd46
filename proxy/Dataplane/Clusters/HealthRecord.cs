using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Dataplane.Clusters;

/// <summary>How a check of an endpoint ended.</summary>
internal enum CheckOutcome
{
    /// <summary>It is well.</summary>
    Passed,

    /// <summary>It is not, or could not be asked.</summary>
    Failed,

    /// <summary>It says that it wants no more requests, whatever the threshold.</summary>
    Refused,

    /// <summary>It was not asked, for a reason of this proxy's own: that says nothing about it.</summary>
    NotMade,
}

/// <summary>What the checks of one endpoint have found. Written by its one checker, read by all.</summary>
/// <remarks>
/// An endpoint is used until its first check; that one alone decides, either way. Then the thresholds count. Source:
/// Envoy, where one that has never been well needs one success (its first failure leaves it out, too).
/// </remarks>
internal sealed class HealthRecord
{
    private volatile bool _isUnhealthy;
    private bool _wasChecked;
    private bool _wasWell;
    private int _row; // checks in a row that speak against the state

    /// <summary>Not to be chosen.</summary>
    public bool IsUnhealthy => _isUnhealthy;

    /// <summary>Counts a check.</summary>
    /// <returns>Whether the endpoint is now out that was in, or the other way round.</returns>
    public bool Count(CheckOutcome outcome, HealthCheckModel rules)
    {
        var passed = outcome is CheckOutcome.Passed;
        var isFirst = !_wasChecked;
        _wasChecked = true;
        if (passed != _isUnhealthy)
        {
            _row = 0;
            _wasWell |= passed;
            return false;
        }

        _row++;
        var isEnough = passed
            ? !_wasWell || _row >= rules.HealthyThreshold
            : isFirst || outcome is CheckOutcome.Refused || _row >= rules.UnhealthyThreshold;
        if (!isEnough) return false;
        _row = 0;
        _wasWell |= passed;
        _isUnhealthy = !passed;
        return true;
    }

    /// <summary>Nobody checks it any more.</summary>
    /// <returns>Whether it was out.</returns>
    public bool Clear()
    {
        var wasOut = _isUnhealthy;
        (_isUnhealthy, _wasChecked, _wasWell, _row) = (false, false, false, 0);
        return wasOut;
    }
}
