using System.Runtime.InteropServices;

namespace Plexus.Sockets;

/// <summary>The system calls of Linux that .NET's sockets lack, for 64-bit processes.</summary>
internal static unsafe partial class LinuxCalls
{
    internal const int DontWait = 0x40; // MSG_DONTWAIT

    internal const int Again = 11; // EAGAIN
    internal const int Interrupted = 4; // EINTR
    internal const int InputOutput = 5; // EIO
    internal const int Invalid = 22; // EINVAL
    internal const int MessageTooLong = 90; // EMSGSIZE
    internal const int NoBuffers = 105; // ENOBUFS
    internal const int Refused = 111; // ECONNREFUSED

    internal const int UdpLevel = 17; // SOL_UDP
    internal const int UdpJoin = 104; // UDP_GRO
    internal const int ControlHeaderLength = 16; // struct cmsghdr: length (8 bytes), level (4), type (4)

    internal const short PollIn = 1;
    internal const short PollOut = 4;

    internal const uint EventsIn = 0x1; // EPOLLIN
    internal const uint EventsOut = 0x4; // EPOLLOUT
    internal const uint EventsOnce = 1u << 30; // EPOLLONESHOT
    internal const int EventsAdd = 1; // EPOLL_CTL_ADD
    internal const int EventsModify = 3; // EPOLL_CTL_MOD

    private const int CloseOnExec = 0x80000; // EFD_CLOEXEC, EPOLL_CLOEXEC
    private const int NonBlocking = 0x800; // EFD_NONBLOCK

    /// <summary>Why the last of these calls on this thread has failed.</summary>
    internal static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>A descriptor that another thread makes readable, for a thread that waits in <see cref="Poll"/>.</summary>
    /// <returns>The descriptor, which the caller closes; negative if there is none.</returns>
    internal static int OpenEvent() => EventDescriptor(0, CloseOnExec | NonBlocking);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint Send(int descriptor, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    internal static partial nint Receive(int descriptor, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    internal static partial int SetOption(int descriptor, int level, int name, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    /// <summary>A set of descriptors that one thread waits for.</summary>
    /// <returns>The descriptor of the set, which the caller closes; negative if there is none.</returns>
    internal static int OpenEvents() => EventsCreate(CloseOnExec);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int EventsControl(int events, int operation, int descriptor, byte* wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int EventsWait(int events, byte* found, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int descriptor, void* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int descriptor, void* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "close")]
    internal static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EventsCreate(int flags);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventDescriptor(uint count, int flags);

    internal struct Piece // struct iovec
    {
        public void* Start;
        public nuint Length;
    }

    internal struct MessageHeader // struct msghdr; the fields that musl pads are zero above, so both C libraries read it alike
    {
        public void* Name;
        public nuint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    internal struct PollDescriptor // struct pollfd
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }
}
