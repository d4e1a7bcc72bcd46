namespace MeshOrleans.Silo.Access;

/// <summary>What a caller of the API may do. Each role may read; only the admin may do what all others may.</summary>
public enum Role
{
    /// <summary>Reads configuration and status; never a secret.</summary>
    Viewer,

    /// <summary>Mints join tokens and registers workloads.</summary>
    Registrar,

    /// <summary>Writes configuration.</summary>
    Operator,

    /// <summary>Does everything: the certificate authority, the links to other meshes, what every caller has done.</summary>
    Admin,
}

/// <summary>The roles by the names that the access file has for them.</summary>
internal static class Roles
{
    /// <summary>All names, in the order of what they may.</summary>
    public static string Names { get; } = string.Join(", ", Enum.GetValues<Role>().Select(NameOf));

    public static string NameOf(Role role) => role.ToString().ToLowerInvariant();

    /// <summary>Reads a name in its exact case.</summary>
    public static bool TryParse(string name, out Role role)
    {
        foreach (var known in Enum.GetValues<Role>())
        {
            if (NameOf(known) != name) continue;
            role = known;
            return true;
        }

        role = default;
        return false;
    }

    /// <summary>Whether who has a role may do what another one is asked for.</summary>
    public static bool Covers(this Role held, Role asked) =>
        held == asked || held is Role.Admin || asked is Role.Viewer;
}
