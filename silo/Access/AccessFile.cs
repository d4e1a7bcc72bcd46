using System.Collections.Immutable;
using MeshOrleans.Model.Validation;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Access;

/// <summary>
/// The access file as it is now: looked at every two seconds, as it may be a mounted one that is replaced under its name.
/// A wrong one at start keeps the process from starting; later the one before goes on to hold. A new text counts once two looks
/// in a row have found the same, as half a file may be right and close less than the whole; an empty one never does.
/// </summary>
internal sealed partial class AccessFile : BackgroundService
{
    /// <summary>How often it is looked at.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly ILogger<AccessFile> _logger;
    private string _text = "";
    private string? _seen;
    private volatile AccessPolicy _current = AccessPolicy.Empty;

    /// <exception cref="FormatException">The file is wrong; the message has the line.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public AccessFile(IOptions<SiloOptions> options, TimeProvider clock, ILogger<AccessFile> logger)
    {
        (_clock, _logger) = (clock, logger);
        _path = options.Value.ApiAccess.Length > 0 ? Path.GetFullPath(options.Value.ApiAccess) : "";
        if (_path.Length == 0) return;
        _text = ReadText();
        var (policy, faults) = AccessFileReader.Read(_text, Folder);
        _current = policy ?? throw new FormatException($"the access file is wrong: {Tell(faults)}");
    }

    /// <summary>What holds now.</summary>
    public AccessPolicy Current => _current;

    private string Folder => Path.GetDirectoryName(_path)!;

    /// <summary>Looks whether the file has changed, and takes it over if it is right.</summary>
    /// <returns>Whether another policy holds now.</returns>
    internal bool Look()
    {
        try
        {
            var text = ReadText();
            var isStill = text == _seen;
            _seen = text;
            if (text == _text || !isStill) return false;
            _text = text;
            var (policy, faults) = AccessFileReader.Read(text, Folder);
            if (policy is null || ReferenceEquals(policy, AccessPolicy.Empty))
            {
                LogWrong(policy is null ? Tell(faults) : $"{_path} says nothing");
                return false;
            }

            _current = policy;
            LogTaken(_path, policy.Bindings.Length, policy.Issuers.Length);
            return true;
        }
        catch (Exception exception) // none may end the looking
        {
            if (_text.Length > 0) LogUnreadable(exception.Message);
            (_text, _seen) = ("", null);
            return false;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_path.Length == 0) return;
        using var timer = new PeriodicTimer(Interval, _clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) Look();
    }

    private string ReadText()
    {
        using var stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return stream.Length <= 4L * AccessFileReader.MaxLength
            ? new StreamReader(stream).ReadToEnd()
            : throw new IOException($"{_path} is too long for an access file");
    }

    private string Tell(ImmutableArray<Violation> faults) => string.Join("; ", faults.Select(fault =>
        $"{_path}:{fault.Line}: {(fault.Path.Text.Length > 0 ? fault.Path.Text + " " : "")}{fault.Message}"));

    [LoggerMessage(Level = LogLevel.Error, Message = "The access file is wrong; the one before goes on to hold: {Faults}.")]
    private partial void LogWrong(string faults);

    [LoggerMessage(Level = LogLevel.Error, Message = "The access file cannot be read; what it said goes on to hold: {Reason}")]
    private partial void LogUnreadable(string reason);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "The access file {Path} was taken over: {Bindings} bindings, {Issuers} issuers of tokens.")]
    private partial void LogTaken(string path, int bindings, int issuers);
}
