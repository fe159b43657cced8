package dev.slipway.runtime.server;

import io.grpc.BindableService;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Is what one service gives to the process that hosts it, alone or beside others.
 *
 * <p>Life: constructed with its dependencies open, {@link #start} once the process serves calls,
 * {@link #drain} when it begins to stop, {@link #close} after the last call ended. All methods are
 * called from one thread, {@link #ready} from another.
 */
public interface ServiceModule extends AutoCloseable {
  /** Returns the service's short name, such as {@code tracking}. */
  String name();

  /** Returns the gRPC services to host; the same ones every time. */
  List<BindableService> services();

  /**
   * Returns those methods whose handlers never wait, neither for a database nor for a disk nor for
   * another call: they run on the threads of the transport, which spares each message the way to
   * another thread. One that waits all the same holds up everybody.
   *
   * @return full names, such as {@code slipway.tracking.v1.TrackingService/LogBatch}; the same ones
   *     every time
   */
  default Set<String> nonBlockingMethods() {
    return Set.of();
  }

  /**
   * Returns whether the dependencies answer, so that calls would succeed. Called about once a
   * second; must not block long.
   */
  boolean ready();

  /** Begins work that calls other services; by now in-process peers answer. */
  default void start() {}

  /**
   * Returns where the module answers other than over gRPC, such as {@code http://127.0.0.1:5000},
   * for the line that says that the process is ready. Called after {@link #start}.
   */
  default Optional<String> address() {
    return Optional.empty();
  }

  /** Ends streams that would never end by themselves, so that the remaining calls can drain. */
  default void drain() {}

  /** Releases everything; no call runs any more. */
  @Override
  void close();
}
