using System.Runtime.Versioning;
using Xunit.Sdk;
using Xunit.v3;

// Each test runs programs and servers of its own against the clock: two at once would only disturb each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: SupportedOSPlatform("linux")]
