namespace MeshOrleans.Model.Config;

/// <summary>Faults to inject, drawn independently; the delay comes first.</summary>
/// <param name="Delay">Makes requests wait.</param>
/// <param name="Abort">Answers with an error instead of forwarding.</param>
public sealed record HttpFault(HttpDelay? Delay, HttpAbort? Abort);

/// <summary>Makes a share of the requests wait.</summary>
/// <param name="Percentage">Share in percent; null means none.</param>
/// <param name="FixedDelay">How long; null when the manifest named none.</param>
/// <param name="ExponentialDelay">Not supported by any data plane; read so that it can be refused by name.</param>
public sealed record HttpDelay(double? Percentage, TimeSpan? FixedDelay, TimeSpan? ExponentialDelay);

/// <summary>Answers a share of the requests with an error. Exactly one of the codes is given.</summary>
/// <param name="Percentage">Share in percent; null means none.</param>
/// <param name="HttpStatus">The HTTP status.</param>
/// <param name="GrpcStatus">The gRPC status by name, e.g. <c>UNAVAILABLE</c>; empty when none.</param>
/// <param name="Http2Error">The HTTP/2 error by name; empty when none.</param>
public sealed record HttpAbort(double? Percentage, int? HttpStatus, string GrpcStatus, string Http2Error);
