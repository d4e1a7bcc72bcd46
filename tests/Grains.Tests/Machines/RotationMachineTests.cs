using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Tests.Machines;

public sealed class RotationMachineTests
{
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TrustDomain _domain = TrustDomain.Parse("cluster.local");
    private static readonly AuthorityOptions _options = new();
    private static readonly RootAudience _everybody = new(2, [], IsComplete: true);
    private static readonly RootAudience _lagging = new(1, ["a", "b"], IsComplete: true);
    private static readonly AuthorityMaterial[] _authorities =
        [.. Enumerable.Range(0, 4).Select(_ => AuthorityCertificates.Create(_domain, _start))];

    private static readonly AuthorityKeys _keys = new(_authorities[0], _authorities[1]);
    private static readonly AuthorityKeys _linked = new(
        _authorities[0], AuthorityCertificates.LinkedTo(_authorities[0], _authorities[1], _domain, _start));

    private static readonly AuthorityState _settled =
        RotationMachine.Fit(new AuthorityState(), _keys, _domain, TimeSpan.FromDays(90), _start);

    private static AuthorityState Published =>
        RotationMachine.Publish(_settled, _authorities[0], _authorities[1], _domain, _start);

    [Fact]
    public void The_next_root_is_published_and_signs_nothing()
    {
        Assert.Equal([_authorities[0].RootCertificate, _authorities[1].RootCertificate], Published.RootsPem.AsEnumerable());
        Assert.Same(_authorities[0], RotationMachine.SignerOf(Published, _keys));
        Assert.Equal((AuthorityPhase.Publishing, _settled.Sequence + 1), (Published.Phase, Published.Sequence));
        Assert.NotNull(RotationMachine.WhyNot(Published));
    }

    [Fact]
    public void It_signs_when_everybody_has_it_and_not_before_some_time()
    {
        Assert.False(RotationMachine.MaySign(Published, _linked, _everybody, _options, _start + _options.PublishFor - _second));
        Assert.True(RotationMachine.MaySign(Published, _linked, _everybody, _options, _start + _options.PublishFor));
    }

    [Fact]
    public void Those_that_do_not_have_it_are_waited_for_and_named_but_not_for_ever()
    {
        var end = _start + _options.PublishPatience;

        Assert.False(RotationMachine.MaySign(Published, _linked, _lagging, _options, end - _second));
        Assert.False(RotationMachine.MaySign(Published, _linked, RootAudience.Unknown, _options, end - _second));
        Assert.True(RotationMachine.MaySign(Published, _linked, _lagging, _options, end));
        var signing = RotationMachine.Sign(Published, _authorities[1], _lagging, _domain, default, end);
        Assert.Equal((2, "a b"), (signing.MissedCount, string.Join(' ', signing.Missed)));
    }

    [Fact]
    public void Without_a_link_it_is_published_for_as_long_as_certificates_live()
    {
        var granted = RotationMachine.Grant(Published, Published.Signing, TimeSpan.FromHours(20));
        var end = _start.AddHours(20);

        Assert.False(RotationMachine.MaySign(granted, _keys, _everybody, _options, end - _second));
        Assert.True(RotationMachine.MaySign(granted, _keys, _everybody, _options, end));
        Assert.True(RotationMachine.MaySign(granted, _keys, RootAudience.Unknown, _options, end));
        Assert.True(RotationMachine.MaySign(granted, _linked, _everybody, _options, _start + _options.PublishFor));
    }

    [Fact]
    public void The_former_root_leaves_after_the_longest_lifetime_that_was_granted_under_it()
    {
        var granted = RotationMachine.Grant(_settled, _settled.Signing, TimeSpan.FromHours(2));
        Assert.Same(granted, RotationMachine.Grant(granted, _settled.Signing, TimeSpan.FromHours(1)));
        var published = RotationMachine.Publish(granted, _authorities[0], _authorities[1], _domain, _start);
        var signing = RotationMachine.Sign(
            published, _authorities[1], _everybody, _domain, TimeSpan.FromMinutes(5), _start.AddHours(1));

        Assert.Equal(_start.AddHours(3).AddMinutes(5), signing.LeavesAt);
        Assert.False(RotationMachine.MayLeave(signing, signing.LeavesAt!.Value - _second));
        Assert.True(RotationMachine.MayLeave(signing, signing.LeavesAt!.Value));
        var alone = RotationMachine.Alone(signing, _authorities[1], _domain, signing.LeavesAt.Value);
        Assert.Equal([_authorities[1].RootCertificate], alone.RootsPem.AsEnumerable());
        Assert.Null(RotationMachine.WhyNot(alone));
    }

    [Fact]
    public void Of_a_root_whose_lifetimes_nobody_noted_the_longest_is_assumed()
    {
        var former = new AuthorityState().WithRoots(_domain, [_authorities[0].RootCertificate]);

        var state = RotationMachine.Fit(former, new AuthorityKeys(_authorities[0]), _domain, TimeSpan.FromDays(90), _start);

        Assert.Equal(TimeSpan.FromDays(90), state.Lifetimes[_authorities[0].Fingerprint]);
        Assert.Equal(former.Sequence, state.Sequence);
    }

    [Fact]
    public void A_state_whose_keys_are_gone_begins_anew_with_those_that_are_there()
    {
        var other = new AuthorityKeys(_authorities[2]);

        var state = RotationMachine.Fit(Published, other, _domain, TimeSpan.FromDays(90), _start);

        Assert.Equal([_authorities[2].RootCertificate], state.RootsPem.AsEnumerable());
        Assert.Equal((AuthorityPhase.Settled, _authorities[2].Fingerprint), (state.Phase, state.Signing));
    }

    // Whatever an operator, time and crashes do: who signs is trusted, and so is every certificate that has not ended.
    [Fact]
    public void No_certificate_outlives_the_trust_in_its_root() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte Step, byte Hours)[]>(), steps =>
        {
            var (now, made) = (_start, 1);
            var keys = new AuthorityKeys(_authorities[0]);
            var state = RotationMachine.Fit(new AuthorityState(), keys, _domain, TimeSpan.FromDays(90), now);
            var ends = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
            foreach (var (step, hours) in steps)
            {
                var signer = RotationMachine.SignerOf(state, keys);
                var other = keys.Second is null ? null : signer == keys.First ? keys.Second : keys.First;
                switch (step % 7)
                {
                    case 0 when RotationMachine.WhyNot(state) is null:
                        var next = _authorities[made++ % _authorities.Length];
                        if (next == signer) break;
                        keys = new AuthorityKeys(signer, next);
                        if (hours % 5 == 0) break; // dies between the keys and the state
                        state = RotationMachine.Publish(state, signer, next, _domain, now);
                        break;
                    case 1 or 2 when state.Phase is AuthorityPhase.Publishing:
                        if (RotationMachine.MaySign(state, keys, hours % 2 == 0 ? _everybody : _lagging, _options, now))
                        {
                            state = RotationMachine.Sign(state, other!, _lagging, _domain, TimeSpan.Zero, now);
                        }

                        break;
                    case 1 or 2 when state.Phase is AuthorityPhase.Retiring && RotationMachine.MayLeave(state, now):
                        state = RotationMachine.Alone(state, signer, _domain, now);
                        break;
                    case 3 when state.Phase is AuthorityPhase.Settled:
                        keys = new AuthorityKeys(signer);
                        break;
                    case 4 when state.Phase is AuthorityPhase.Publishing:
                        state = RotationMachine.Alone(state, signer, _domain, now);
                        break;
                    case 4 when state.Phase is AuthorityPhase.Retiring:
                        state = RotationMachine.Sign(state, other!, RootAudience.Unknown, _domain, TimeSpan.Zero, now);
                        break;
                    case 5:
                        state = RotationMachine.Grant(state, state.Signing, TimeSpan.FromHours(hours));
                        ends[signer.RootCertificate] = Later(
                            ends.GetValueOrDefault(signer.RootCertificate), now.AddHours(hours));
                        break;
                    default:
                        now = now.AddMinutes(10 * hours);
                        break;
                }

                if (!ReferenceEquals(state, RotationMachine.Fit(state, keys, _domain, TimeSpan.FromDays(90), now))) return false;
                if (!state.RootsPem.Contains(RotationMachine.SignerOf(state, keys).RootCertificate)) return false;
                if (ends.Any(e => e.Value > now && !state.RootsPem.Contains(e.Key))) return false;
                if (state.RootsPem.Length != (state.Phase is AuthorityPhase.Settled ? 1 : 2)) return false;
            }

            return true;
        }).QuickCheckThrowOnFailure();

    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
