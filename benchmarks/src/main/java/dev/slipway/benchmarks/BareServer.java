package dev.slipway.benchmarks;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;

/** Is the limit of the start: a gRPC port with the health service and an open H2 file. */
final class BareServer {
  private BareServer() {}

  /** Runs until killed; takes {@code --data-dir=FOLDER}. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0].substring(args[0].indexOf('=') + 1));
    try (Connection connection =
        DriverManager.getConnection(
            "jdbc:h2:file:" + folder.resolve("bare").toAbsolutePath(), "sa", "")) {
      connection.createStatement().execute("CREATE TABLE t (id BIGINT PRIMARY KEY)");
      Server server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(new HealthStatusManager().getHealthService())
              .build()
              .start();
      System.out.println("ready on " + server.getPort());
      server.awaitTermination();
    }
  }
}
