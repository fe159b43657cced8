package dev.slipway.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Passes connections on to a server, and can cut all of them at any moment. Thread-safe. */
final class CuttingRelay implements AutoCloseable {
  private final ServerSocket listening;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  private CuttingRelay(int target) throws IOException {
    this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.target = target;
  }

  /** Starts to listen on a free port. */
  static CuttingRelay to(int port) throws IOException {
    CuttingRelay relay = new CuttingRelay(port);
    relay.start(relay::accept);
    return relay;
  }

  String address() {
    return "127.0.0.1:" + listening.getLocalPort();
  }

  /** Cuts the connections that there are; new ones are taken. */
  void cut() {
    open.forEach(this::closeQuietly);
  }

  private void accept() {
    try {
      while (true) {
        Socket near = listening.accept();
        Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
        open.add(near);
        open.add(far);
        start(() -> pass(near, far));
        start(() -> pass(far, near));
      }
    } catch (IOException e) {
      // Closed: the test is over.
      return;
    }
  }

  private void pass(Socket from, Socket to) {
    try (InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      var unused = in.transferTo(out);
    } catch (IOException e) {
      // Cut, by us or by either side.
      return;
    } finally {
      closeQuietly(from);
      closeQuietly(to);
    }
  }

  private void closeQuietly(Socket socket) {
    open.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no more use either way.
      return;
    }
  }

  private void start(Runnable work) {
    Thread thread = new Thread(work, "relay");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listening.close();
    cut();
  }
}
