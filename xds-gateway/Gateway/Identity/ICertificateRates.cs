using System.Net;

namespace MeshOrleans.Xds.Gateway.Identity;

/// <summary>How often those may come from one address who present what is not good. The host may register one.</summary>
public interface ICertificateRates
{
    /// <summary>How long until somebody without a certificate is heard again; zero when at once.</summary>
    TimeSpan UntilHeard(IPAddress? address);

    /// <summary>What came from there was not good.</summary>
    void Charge(IPAddress? address);
}

/// <summary>Without a bound.</summary>
internal sealed class UnboundedCertificateRates : ICertificateRates
{
    public TimeSpan UntilHeard(IPAddress? address) => TimeSpan.Zero;

    public void Charge(IPAddress? address)
    {
    }
}
