using System.Collections.Immutable;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Grains.Workloads;

/// <summary>
/// What becomes of a member. Every function answers with the very state it was given when nothing is to be saved or
/// told.
/// </summary>
internal static class WorkloadMachine
{
    private const int PeriodsUntilRemoval = 3;
    private const int MaxDetail = 512;

    /// <summary>
    /// Joins or re-joins. Announced departure and a lost lease are over then; a failed probe is only when the
    /// description changed, for the same description comes again whenever a control connection was cut.
    /// </summary>
    public static (WorkloadState Next, RegisterResult Result) Register(
        WorkloadState state, WorkloadName name, WorkloadRegistration registration, DateTimeOffset now)
    {
        if (RegistrationRules.Check(name, registration) is { } invalid) return (state, invalid);
        if (state.Registration is not { } before)
        {
            var joined = state with { Registration = registration, RegisteredAt = now, LapsedAccount = "" };
            return (Told(Fresh(joined), name), new RegisterResult.Registered(true, registration.Lease));
        }

        if (before.ServiceAccount != registration.ServiceAccount)
        {
            return (state, new RegisterResult.Taken(before.ServiceAccount));
        }

        registration = KeepSidecar(before, registration);
        var next = Same(before, registration)
            ? state with { Draining = false, LeaseLost = false }
            : Fresh(state with { Registration = registration });
        return (Told(state, next, name), new RegisterResult.Registered(false, registration.Lease));
    }

    // A description without a sidecar does not take away the one that proved its identity: its peers go on to demand it.
    private static WorkloadRegistration KeepSidecar(WorkloadRegistration before, WorkloadRegistration next) =>
        !before.HasSidecar || next.HasSidecar
            ? next
            : next with
            {
                HasSidecar = true,
                SpiffeId = before.SpiffeId,
                InboundPorts = next.InboundPorts.IsEmpty ? before.InboundPorts : next.InboundPorts,
            };

    /// <summary>The lease starts afresh.</summary>
    public static WorkloadState Renew(WorkloadState state, WorkloadName name) =>
        Told(state, state with { LeaseLost = false }, name);

    /// <summary>Its own probe succeeded or failed.</summary>
    public static WorkloadState ReportHealth(WorkloadState state, WorkloadName name, bool healthy, string detail)
    {
        var text = healthy ? "" : Bounded(detail);
        return Told(state, state with { ProbeFailed = !healthy, ProbeDetail = text }, name);
    }

    /// <summary>It is about to leave.</summary>
    public static WorkloadState Drain(WorkloadState state, WorkloadName name) =>
        Told(state, state with { Draining = true }, name);

    /// <summary>It is gone. What remains is the version, so that it is newer when it comes back.</summary>
    public static WorkloadState Leave(WorkloadState state, WorkloadName name) =>
        state.Registration is null ? state : new WorkloadState { Entries = state.Entries.Remove(Key(name)) };

    /// <summary>
    /// The service account of the member: as it is registered, or was until its lease ran out. Null when there never was one, or
    /// somebody has removed it.
    /// </summary>
    public static string? AccountOf(WorkloadState state) =>
        state.Registration?.ServiceAccount ?? (state.LapsedAccount.Length > 0 ? state.LapsedAccount : null);

    /// <summary>Its lease has run for a while.</summary>
    public static WorkloadState Age(WorkloadState state, WorkloadName name, TimeSpan sinceRenewal)
    {
        if (state.Registration is not { } registration || sinceRenewal < registration.Lease) return state;
        return sinceRenewal >= PeriodsUntilRemoval * registration.Lease
            ? Leave(state, name) with { LapsedAccount = registration.ServiceAccount }
            : Told(state, state with { LeaseLost = true }, name);
    }

    /// <summary>How long until <see cref="Age"/> next has something to do; null when it never will.</summary>
    public static TimeSpan? UntilNextAge(WorkloadState state, TimeSpan sinceRenewal)
    {
        if (state.Registration is not { } registration) return null;
        var deadline = sinceRenewal < registration.Lease
            ? registration.Lease
            : PeriodsUntilRemoval * registration.Lease;
        return deadline > sinceRenewal ? deadline - sinceRenewal : TimeSpan.Zero;
    }

    private static WorkloadState Fresh(WorkloadState state) =>
        state with { Draining = false, LeaseLost = false, ProbeFailed = false, ProbeDetail = "" };

    private static WorkloadState Told(WorkloadState before, WorkloadState next, WorkloadName name)
    {
        if (next.Registration is null) return before;
        next = Told(next, name);
        return next == before ? before : next;
    }

    private static WorkloadState Told(WorkloadState state, WorkloadName name) =>
        state with { Entries = state.Entries.Put(Key(name), SnapshotPayload.Write(ToWorkload(state, name))) };

    private static string Key(WorkloadName name) => SnapshotKey.Workload + name;

    private static string Bounded(string detail)
    {
        var text = detail.Length > MaxDetail ? detail[..MaxDetail] : detail;
        return string.Create(text.Length, text, static (span, text) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(text[i]) ? ' ' : text[i];
        });
    }

    /// <summary>
    /// Whether two registrations say the same; their collections compare by content, not by reference.
    /// </summary>
    private static bool Same(WorkloadRegistration one, WorkloadRegistration other) =>
        one with { Ports = other.Ports, InboundPorts = other.InboundPorts, Labels = other.Labels } == other
        && SameEntries(one.Ports, other.Ports)
        && SameEntries(one.InboundPorts, other.InboundPorts)
        && SameEntries(one.Labels, other.Labels);

    private static bool SameEntries<TKey, TValue>(
        ImmutableDictionary<TKey, TValue> one, ImmutableDictionary<TKey, TValue> other)
        where TKey : notnull =>
        one.Count == other.Count
        && one.All(
            e => other.TryGetValue(e.Key, out var value) && EqualityComparer<TValue>.Default.Equals(e.Value, value));

    private static Workload ToWorkload(WorkloadState state, WorkloadName name)
    {
        var registration = state.Registration!;
        return new Workload
        {
            Namespace = name.Namespace,
            Name = name.Name,
            Address = registration.Address,
            Ports = registration.Ports.ToImmutableSortedDictionary(StringComparer.Ordinal),
            InboundPorts = registration.InboundPorts.ToImmutableSortedDictionary(),
            Labels = registration.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Locality = Locality.Of(registration.Locality, registration.Labels),
            Network = registration.Network,
            ServiceAccount = registration.ServiceAccount,
            Weight = registration.Weight,
            Group = registration.Group,
            Health = state.Health(),
            HasSidecar = registration.HasSidecar,
            Identity = SpiffeId.TryParse(registration.SpiffeId, out var id) ? id : null,
        };
    }
}
