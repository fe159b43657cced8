package dev.slipway.registry.upstream;

import dev.slipway.registry.webhook.AddressPolicy;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketAddress;
import javax.net.SocketFactory;

/**
 * Makes sockets that connect to allowed addresses alone, and never through a proxy.
 *
 * <p>The check is of the address that is connected to, however it was come by, so neither a literal
 * address nor a name that resolves differently from one moment to the next passes it by.
 * Thread-safe.
 */
final class CheckedSockets extends SocketFactory {
  private final AddressPolicy policy;

  CheckedSockets(AddressPolicy policy) {
    this.policy = policy;
  }

  @Override
  public Socket createSocket() {
    return new CheckedSocket(policy);
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return connected(new InetSocketAddress(host, port), null);
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort)
      throws IOException {
    return connected(
        new InetSocketAddress(host, port), new InetSocketAddress(localHost, localPort));
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return connected(new InetSocketAddress(host, port), null);
  }

  @Override
  public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
      throws IOException {
    return connected(
        new InetSocketAddress(address, port), new InetSocketAddress(localAddress, localPort));
  }

  private Socket connected(SocketAddress remote, SocketAddress local) throws IOException {
    Socket socket = createSocket();
    try {
      if (local != null) {
        socket.bind(local);
      }
      socket.connect(remote);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static final class CheckedSocket extends Socket {
    private final AddressPolicy policy;

    CheckedSocket(AddressPolicy policy) {
      // A plain socket would follow the JVM's setting of a SOCKS proxy.
      super(Proxy.NO_PROXY);
      this.policy = policy;
    }

    @Override
    public void connect(SocketAddress remote) throws IOException {
      connect(remote, 0);
    }

    @Override
    public void connect(SocketAddress remote, int timeoutMillis) throws IOException {
      InetAddress address = ((InetSocketAddress) remote).getAddress();
      if (address != null && !policy.allows(address)) {
        throw new ConnectException(
            address.getHostAddress()
                + " is an address of a private or special network; the server's settings do not"
                + " allow those");
      }
      super.connect(remote, timeoutMillis);
    }
  }
}
