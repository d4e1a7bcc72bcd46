namespace MeshOrleans.Model.Config.Documents;

/// <summary>What is wrong with the writing of a document, before anybody asks what it means.</summary>
/// <param name="Message">What is wrong.</param>
/// <param name="Line">Counted from 1; 0 when unknown.</param>
/// <param name="Path">The field concerned; empty when none.</param>
public sealed record DocumentError(string Message, int Line, string Path = "");
