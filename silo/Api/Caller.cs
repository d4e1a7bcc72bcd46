using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads.Attesting;
using MeshOrleans.Silo.Access;

namespace MeshOrleans.Silo.Api;

/// <summary>Who makes a request, as far as it was proved.</summary>
internal abstract record Caller
{
    private Caller()
    {
    }

    /// <summary>For the audit trail: never holds a secret.</summary>
    public abstract string Name { get; }

    /// <summary>What the caller may do beyond what its kind of credential is for.</summary>
    public virtual AccessRights Rights => AccessRights.None;

    /// <summary>What a workload can prove itself with; null where it is no workload that calls.</summary>
    public virtual Evidence? Evidence => null;

    /// <summary>Nobody who proved anything.</summary>
    public sealed record Anonymous : Caller
    {
        public override string Name => "anonymous";
    }

    /// <summary>The holder of the admin credential.</summary>
    public sealed record Admin : Caller
    {
        public override string Name => "admin";

        public override AccessRights Rights => AccessRights.All;
    }

    /// <summary>A member of the mesh, by its certificate.</summary>
    public sealed record Member(SpiffeId Id) : Caller
    {
        private readonly AccessRights _rights = AccessRights.None;

        public Member(SpiffeId id, AccessRights rights)
            : this(id) => _rights = rights;

        public override string Name => Id.ToString();

        /// <summary>The serial of its certificate, upper-case hex; empty when it is not known.</summary>
        public string Serial { get; init; } = "";

        /// <summary>When its certificate ends.</summary>
        public DateTimeOffset NotAfter { get; init; } = DateTimeOffset.MaxValue;

        public override AccessRights Rights => _rights;

        public override Evidence? Evidence => new Evidence.Certificate(Id, Serial, NotAfter);
    }

    /// <summary>A person or program, by a verified token of an issuer of the access file.</summary>
    public sealed record User(string Issuer, string Subject, AccessRights Granted) : Caller
    {
        public override string Name => $"{Issuer}#{Subject}";

        public override AccessRights Rights => Granted;
    }

    /// <summary>Somebody who presented what is not good: that is never taken for nothing presented.</summary>
    public sealed record Refused(string Reason) : Caller
    {
        public override string Name => "refused";
    }

    /// <summary>The holder of a join token that has not been redeemed yet.</summary>
    public sealed record TokenHolder(JoinToken Token) : Caller
    {
        public override string Name => "join token";

        public override Evidence? Evidence => new Evidence.Token(Token);
    }

    /// <summary>The holder of some other credential, which the endpoint itself has to check.</summary>
    public sealed record Bearer(string Credential) : Caller
    {
        public override string Name => "bearer";

        public override Evidence? Evidence => new Evidence.Bearer(Credential);

        public override string ToString() => "Bearer";
    }
}
