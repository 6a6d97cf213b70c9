using System.Text;

namespace Plexus.Lab.Namespaces;

/// <summary>A point-to-point device of the kernel whose other end is this process. One IP packet a read or write.</summary>
internal sealed unsafe class TunDevice : IDisposable
{
    private const int RequestLength = 40; // struct ifreq
    private const int NameLength = 16;
    private const short TunWithoutPrefix = 0x1001; // IFF_TUN | IFF_NO_PI

    // Packets the kernel keeps for us while this process does not run: 20 ms at 60 MB/s.
    private const int KernelQueue = 1000;

    /// <exception cref="InvalidOperationException">No /dev/net/tun, or not allowed: root only.</exception>
    public TunDevice(NetworkNamespace inner, string name)
    {
        File = inner.Run(() => Make(name));
        inner.Ip($"link set dev {name} txqueuelen {KernelQueue}");
    }

    /// <summary>The file descriptor, non-blocking.</summary>
    public int File { get; }

    public void Dispose() => _ = Libc.Close(File);

    private static int Make(string name)
    {
        int file = Libc.Open("/dev/net/tun", Libc.ReadWrite | Libc.NonBlocking | Libc.CloseOnExec);
        if (file < 0) throw NetworkNamespace.Failure("cannot open /dev/net/tun");
        byte* request = stackalloc byte[RequestLength];
        new Span<byte>(request, RequestLength).Clear();
        Encoding.ASCII.GetBytes(name, new Span<byte>(request, NameLength - 1));
        *(short*)(request + NameLength) = TunWithoutPrefix;
        if (Libc.Control(file, Libc.TunSetInterface, request) == 0) return file;
        Exception failure = NetworkNamespace.Failure($"cannot make the device {name}");
        _ = Libc.Close(file);
        throw failure;
    }
}
