package dev.slipway.client;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Stands between client and server and cuts connections, each time after some more bytes. */
final class CuttingProxy implements Closeable {
  /** Stands for a server that is away. */
  static final int NOWHERE = -1;

  private static final int BUFFER_BYTES = 16 << 10;

  private final ServerSocket listener;
  private final AtomicLong bytesUntilCut = new AtomicLong(Long.MAX_VALUE);
  private final AtomicInteger cutsLeft = new AtomicInteger();
  private final AtomicInteger cuts = new AtomicInteger();
  private final AtomicInteger connections = new AtomicInteger();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicLong bytesToServer = new AtomicLong();
  private volatile long bytesPerConnection;
  private volatile int serverPort;
  private volatile boolean silent;

  /** Begins without a server. */
  CuttingProxy() throws IOException {
    this(NOWHERE);
  }

  CuttingProxy(int serverPort) throws IOException {
    this.serverPort = serverPort;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    daemon(this::accept);
  }

  String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** Takes new connections to another server from now on. */
  void forwardTo(int port) {
    serverPort = port;
  }

  /** Holds back all answers from now on, or lets them through again. */
  void silence(boolean holdBack) {
    silent = holdBack;
  }

  /** Cuts all connections whenever so many bytes went through, so many times. */
  void cutEvery(long bytes, int times) {
    bytesPerConnection = bytes;
    cutsLeft.set(times);
    bytesUntilCut.set(bytes);
  }

  int cuts() {
    return cuts.get();
  }

  /** Returns how many bytes clients have sent through it. */
  long bytes() {
    return bytesToServer.get();
  }

  /** Returns how many connections were made, those in vain included. */
  int connections() {
    return connections.get();
  }

  /** Cuts all connections now. */
  void cut() {
    cuts.incrementAndGet();
    // What comes meanwhile stays known, to be cut next time.
    for (Iterator<Socket> open = sockets.iterator(); open.hasNext(); ) {
      closeQuietly(open.next());
      open.remove();
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        connect(listener.accept());
      } catch (IOException e) {
        // The listener was closed.
      }
    }
  }

  private void connect(Socket client) {
    connections.incrementAndGet();
    int port = serverPort;
    if (port == NOWHERE) {
      closeQuietly(client);
      return;
    }
    try {
      Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
      sockets.add(client);
      sockets.add(server);
      daemon(() -> forward(client, server, false));
      daemon(() -> forward(server, client, true));
    } catch (IOException e) {
      // The server does not take connections just now, which the client should see.
      closeQuietly(client);
    }
  }

  private void forward(Socket from, Socket to, boolean answers) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        while (answers && silent) {
          Thread.sleep(5);
        }
        out.write(buffer, 0, n);
        if (!answers) {
          bytesToServer.addAndGet(n);
        }
        if (bytesUntilCut.addAndGet(-n) <= 0 && cutsLeft.getAndDecrement() > 0) {
          bytesUntilCut.set(cutsLeft.get() > 0 ? bytesPerConnection : Long.MAX_VALUE);
          cut();
        }
      }
    } catch (IOException | InterruptedException e) {
      // Cut.
    }
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed.
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "cutting-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cut();
  }
}
