using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Proxy.Sidecar.State;

namespace MeshOrleans.Proxy.Sidecar.Admin;

/// <summary>
/// What a change at the admin door has to show: that it comes from who may read the state directory, and not through an
/// application that fetches whatever address it is given.
/// </summary>
/// <remarks>Source: CVE-2024-40632; reliability rules for admin mutations.</remarks>
internal sealed class AdminToken
{
    /// <summary>The file in the state directory, one line.</summary>
    public const string FileName = "admin-token";

    private const string Scheme = "Bearer ";
    private const int Bytes = 32;
    private const int MostBytes = 256;

    private readonly byte[] _expected;

    private AdminToken(byte[] expected) => _expected = expected;

    /// <summary>Takes the token of a former process, or makes one.</summary>
    /// <exception cref="IOException">The file is there and cannot be read, or cannot be written.</exception>
    public static AdminToken Open(StateFolder state)
    {
        var known = Trimmed(state.Read(FileName, MostBytes));
        if (known.Length >= Bytes) return new AdminToken(known);
        var text = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));
        state.Write(FileName, Encoding.ASCII.GetBytes(text + "\n"));
        return new AdminToken(Encoding.ASCII.GetBytes(text));
    }

    /// <summary>Whether an <c>Authorization</c> header bears it.</summary>
    public bool IsIn(string authorization) =>
        authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()), _expected);

    private static byte[] Trimmed(byte[]? content) =>
        content is null ? [] : Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(content).Trim());
}
