using System.Net;
using System.Net.Sockets;

namespace TrnOrleans.Cluster.Tests;

/// <summary>
/// Ports of loopback for servers that are told theirs. They lie below those that the system gives to connections that go out (32768 and up on
/// Linux): one of those may be free when it is looked at, and taken by somebody's connection before the server that was meant to have it listens.
/// </summary>
internal static class Ports
{
    private const int First = 15_000;
    private const int Count = 14_000;

    // Processes that test beside each other begin at different places.
    private static int s_last = Environment.ProcessId * 97 % Count;

    /// <summary>One that nobody listens at, and that this process gives once.</summary>
    internal static int Next()
    {
        for (int tries = 0; tries < Count; tries++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref s_last) % Count);
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }

        throw new InvalidOperationException($"no port between {First} and {First + Count} is free");
    }
}
