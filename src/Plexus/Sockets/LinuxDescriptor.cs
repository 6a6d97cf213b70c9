using System.Net.Sockets;

namespace Plexus.Sockets;

/// <summary>A socket's descriptor, which stays open for the length of a call.</summary>
internal readonly ref struct LinuxDescriptor
{
    private readonly SafeSocketHandle _handle;
    private readonly bool _isHeld;

    public LinuxDescriptor(SafeSocketHandle handle)
    {
        _handle = handle;
        try
        {
            handle.DangerousAddRef(ref _isHeld);
        }
        catch (ObjectDisposedException)
        {
            // The handle was closed by another thread: IsClosed says so.
        }
    }

    public bool IsClosed => !_isHeld;

    public int Number => (int)_handle.DangerousGetHandle();

    public void Dispose()
    {
        if (_isHeld) _handle.DangerousRelease();
    }
}
