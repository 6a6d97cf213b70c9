namespace Plexus.Lab;

/// <summary>A scenario did not come to its end: the text says what it waited for.</summary>
internal sealed class LabException(string message) : Exception(message);
