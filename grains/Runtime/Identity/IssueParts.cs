using MeshOrleans.Model;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Grains.Identity;

/// <summary>What an identity needs to issue certificates.</summary>
/// <param name="Clock">The time.</param>
/// <param name="Random">Chance.</param>
/// <param name="Options">How often, above all.</param>
internal sealed record IssueParts(TimeProvider Clock, IRandomSource Random, IOptions<AuthorityOptions> Options);
