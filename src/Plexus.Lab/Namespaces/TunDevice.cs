using System.Text;

namespace Plexus.Lab.Namespaces;

/// <summary>A point-to-point device of the kernel whose other end is this process. One frame a read or write.</summary>
/// <remarks>
/// A frame is a <see cref="TunFrame"/>: an IP packet, or many of one flow as one, with checksums still to be completed. So what
/// segmentation offload joins goes through in one piece.
/// </remarks>
internal sealed unsafe class TunDevice : IDisposable
{
    private const int RequestLength = 40; // struct ifreq
    private const int NameLength = 16;

    // IFF_TUN | IFF_NO_PI | IFF_VNET_HDR: virtio-net's header stands before each packet.
    private const short TunWithOffloadHeader = 0x5001;

    // TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6, and since Linux 6.2 TUN_F_USO4 | TUN_F_USO6.
    private const uint TcpOffloads = 0x07;
    private const uint UdpOffloads = 0x60;

    // Frames the kernel keeps for us while this process does not run: 20 ms at 60 MB/s without offload.
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
        *(short*)(request + NameLength) = TunWithOffloadHeader;
        if (Libc.Control(file, Libc.TunSetInterface, request) == 0)
        {
            // An older kernel refuses what it does not know. Then it segments before us; slower, not wrong.
            if (Libc.Control(file, Libc.TunSetOffload, (void*)(TcpOffloads | UdpOffloads)) != 0)
                _ = Libc.Control(file, Libc.TunSetOffload, (void*)TcpOffloads);
            return file;
        }

        Exception failure = NetworkNamespace.Failure($"cannot make the device {name}");
        _ = Libc.Close(file);
        throw failure;
    }
}
