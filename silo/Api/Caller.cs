using MeshOrleans.Model.Identity;

namespace MeshOrleans.Silo.Api;

/// <summary>Who makes a request, as far as it was proved.</summary>
internal abstract record Caller
{
    private Caller()
    {
    }

    /// <summary>For the audit trail: never holds a secret.</summary>
    public abstract string Name { get; }

    /// <summary>Nobody who proved anything.</summary>
    public sealed record Anonymous : Caller
    {
        public override string Name => "anonymous";
    }

    /// <summary>The holder of the admin credential.</summary>
    public sealed record Admin : Caller
    {
        public override string Name => "admin";
    }

    /// <summary>A member of the mesh, by its certificate.</summary>
    public sealed record Member(SpiffeId Id) : Caller
    {
        public override string Name => Id.ToString();
    }

    /// <summary>The holder of a join token that has not been redeemed yet.</summary>
    public sealed record TokenHolder(JoinToken Token) : Caller
    {
        public override string Name => "join token";
    }

    /// <summary>The holder of some other credential, which the endpoint itself has to check.</summary>
    public sealed record Bearer(string Credential) : Caller
    {
        public override string Name => "bearer";

        public override string ToString() => "Bearer";
    }
}
