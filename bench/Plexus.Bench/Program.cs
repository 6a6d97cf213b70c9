using System.Globalization;
using Plexus.Bench;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Options options = new(args.Skip(1));
switch (args.FirstOrDefault())
{
    case "line":
        return LineBench.Run(options);
    case "connect":
        return await ConnectBench.RunAsync(options);
    case "kademlia":
        return KademliaBench.Run(options);
    case "stream":
        return await StreamBench.RunAsync(options);
    case "stream-peer": // The other process of the stream's benchmark.
        return await StreamBench.PeerAsync(options);
    case "tubus":
        return TubusBench.Run(options);
    case "path":
        return await PathBench.RunAsync(options);
    case "path-peer":
        return await PathPeer.RunAsync(options);
    case "tunnel":
        return await TunnelBench.RunAsync(options);
    case "tunnel-end": // Either of its other processes.
        return await TunnelEnd.RunAsync(options);
    default:
        Console.Error.WriteLine("bench/run VERB [OPTIONS], see bench/README.md. Verbs: connect, kademlia, line, path, stream, tubus, tunnel");
        return 2;
}
