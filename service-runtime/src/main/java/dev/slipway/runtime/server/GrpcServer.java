package dev.slipway.runtime.server;

import com.codahale.metrics.MetricRegistry;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.error.ErrorInterceptor;
import dev.slipway.runtime.metrics.CallMetricsInterceptor;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hosts service modules on a Netty port and, when asked to, under an in-process name with the very
 * same interceptors.
 *
 * <p>Every module's calls pass {@link CallMetricsInterceptor} and {@link ErrorInterceptor}. Health
 * ({@code grpc.health.v1}) is {@code NOT_SERVING} until a module says that it is ready, per service
 * and, under the empty name, for all; reflection is on. {@link #close} goes the other way round:
 * health turns terminal, endless streams are ended, running calls drain for at most the configured
 * time, the rest is cancelled, modules close in reverse order. Thread-safe.
 */
public final class GrpcServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(GrpcServer.class);

  /** Handlers block on databases and disks, so there are more of them than cores; idle ones end. */
  private static final int HANDLER_THREADS = 64;

  /**
   * A connection from which nothing came for this long is asked for a sign of life, and is cut when
   * none comes for as long again. A client that lost its network is noticed by nothing else.
   */
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(30);

  private static final int MAX_CALLS_PER_CONNECTION = 1024;
  private static final int MAX_METADATA_BYTES = 16 * 1024;
  private static final long READINESS_PERIOD_MILLIS = 1000;
  private static final long UNREADY_PERIOD_MILLIS = 20;
  private static final long CANCELLED_CALLS_WAIT_SECONDS = 5;
  private static final long HANDLERS_POLL_MILLIS = 5;

  private final GrpcServerConfig config;
  private final List<ServiceModule> modules;
  private final IdentityHashMap<ServiceModule, List<String>> serviceNames = new IdentityHashMap<>();
  private final HealthStatusManager health = new HealthStatusManager();
  private final Thread readiness = threads("readiness").newThread(this::watchReadiness);
  private final CountDownLatch stopReadiness = new CountDownLatch(1);
  private final ThreadPoolExecutor handlers = handlerPool();
  private final ThreadPoolExecutor inProcessHandlers = inProcessPool();
  private final Server netty;
  private final Optional<Server> inProcess;
  private final CountDownLatch terminated = new CountDownLatch(1);
  private volatile boolean ready;

  @GuardedBy("this")
  private boolean closed;

  private GrpcServer(
      GrpcServerConfig config,
      String inProcessName,
      List<ServiceModule> modules,
      MetricRegistry metrics,
      Duration keepAlive) {
    this.config = config;
    this.modules = List.copyOf(modules);
    List<BindableService> services = new ArrayList<>();
    for (ServiceModule module : modules) {
      services.addAll(module.services());
      serviceNames.put(
          module,
          module.services().stream()
              .map(service -> service.bindService().getServiceDescriptor().getName())
              .toList());
    }
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
    serviceNames
        .values()
        .forEach(names -> names.forEach(name -> health.setStatus(name, ServingStatus.NOT_SERVING)));
    this.netty =
        host(
            NettyServerBuilder.forAddress(new InetSocketAddress(config.host(), config.port()))
                .maxInboundMessageSize(config.maxMessageBytes())
                .maxInboundMetadataSize(MAX_METADATA_BYTES)
                .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                .keepAliveTime(keepAlive.toNanos(), TimeUnit.NANOSECONDS)
                .keepAliveTimeout(keepAlive.toNanos(), TimeUnit.NANOSECONDS)
                .permitKeepAliveTime(10, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                // Finding the method is quick enough for the transport's threads; the handler runs
                // where executorOf says.
                .directExecutor()
                .callExecutor(executorOf(handlers))
                .addService(health.getHealthService())
                .addService(ProtoReflectionServiceV1.newInstance()),
            services,
            metrics);
    this.inProcess =
        inProcessName.isEmpty()
            ? Optional.empty()
            : Optional.of(
                host(
                    InProcessServerBuilder.forName(inProcessName).executor(inProcessHandlers),
                    services,
                    metrics));
  }

  /**
   * Starts serving modules on the network.
   *
   * @param modules in dependency order; owned by the server from now on, also when the start fails
   * @throws StartupException if the port cannot be had
   */
  public static GrpcServer start(
      GrpcServerConfig config, List<ServiceModule> modules, MetricRegistry metrics) {
    return start(config, "", modules, metrics);
  }

  /**
   * Starts serving modules on the network and under an in-process name.
   *
   * @param inProcessName name for in-process channels; empty for none
   */
  public static GrpcServer start(
      GrpcServerConfig config,
      String inProcessName,
      List<ServiceModule> modules,
      MetricRegistry metrics) {
    return start(config, inProcessName, modules, metrics, KEEP_ALIVE);
  }

  /** Starts a server with another {@link #KEEP_ALIVE}. */
  static GrpcServer start(
      GrpcServerConfig config,
      String inProcessName,
      List<ServiceModule> modules,
      MetricRegistry metrics,
      Duration keepAlive) {
    GrpcServer server = new GrpcServer(config, inProcessName, modules, metrics, keepAlive);
    try {
      if (server.inProcess.isPresent()) {
        server.inProcess.get().start();
      }
      server.netty.start();
      server.modules.forEach(ServiceModule::start);
    } catch (IOException e) {
      server.close();
      throw StartupException.cannotListen("gRPC", config.host(), config.port(), "--port", e);
    } catch (RuntimeException e) {
      server.close();
      throw e;
    }
    server.readiness.start();
    return server;
  }

  private ServerCallExecutorSupplier executorOf(Executor handlers) {
    Set<String> nonBlocking = new HashSet<>();
    modules.forEach(module -> nonBlocking.addAll(module.nonBlockingMethods()));
    return new ServerCallExecutorSupplier() {
      @Override
      public <Q, R> Executor getExecutor(ServerCall<Q, R> call, Metadata headers) {
        return nonBlocking.contains(call.getMethodDescriptor().getFullMethodName())
            ? Runnable::run
            : handlers;
      }
    };
  }

  private static Server host(
      ServerBuilder<?> builder, List<BindableService> services, MetricRegistry metrics) {
    services.forEach(builder::addService);
    // The last one added is called first: metrics see the status that the error interceptor chose.
    return builder
        .intercept(new ErrorInterceptor())
        .intercept(new CallMetricsInterceptor(metrics))
        .build();
  }

  /** Returns the port that the server listens on. */
  public int port() {
    return netty.getPort();
  }

  /** Returns whether all modules were ready when last asked. */
  public boolean ready() {
    return ready;
  }

  /** Waits until all modules are ready or the time is over; returns whether they are. */
  public boolean awaitReady(long timeout, TimeUnit unit) throws InterruptedException {
    long deadline = System.nanoTime() + unit.toNanos(timeout);
    while (!ready && System.nanoTime() < deadline) {
      Thread.sleep(UNREADY_PERIOD_MILLIS / 4);
    }
    return ready;
  }

  /** Waits until {@link #close} has ended: no call runs and every module is closed. */
  public void awaitTermination() throws InterruptedException {
    terminated.await();
  }

  private void watchReadiness() {
    try {
      boolean all;
      do {
        all = checkReadiness();
        if (all != ready) {
          log.info(all ? "ready" : "not ready");
        }
        ready = all;
      } while (!stopReadiness.await(
          all ? READINESS_PERIOD_MILLIS : UNREADY_PERIOD_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      log.debug("readiness is no longer watched");
    }
  }

  private boolean checkReadiness() {
    boolean all = true;
    for (ServiceModule module : modules) {
      boolean moduleReady = isReady(module);
      all &= moduleReady;
      for (String service : serviceNames.get(module)) {
        health.setStatus(service, status(moduleReady));
      }
    }
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status(all));
    return all;
  }

  private static boolean isReady(ServiceModule module) {
    try {
      return module.ready();
    } catch (RuntimeException e) {
      log.warn("{} cannot tell whether it is ready", module.name(), e);
      return false;
    }
  }

  private static ServingStatus status(boolean ready) {
    return ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  /** Drains and stops; see the class comment for the order. Idempotent. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    stopReadiness.countDown();
    health.enterTerminalState();
    for (ServiceModule module : reversed()) {
      quietly("drain", module.name(), module::drain);
    }
    stopServers();
    awaitHandlers();
    for (ServiceModule module : reversed()) {
      quietly("close", module.name(), module::close);
    }
    handlers.shutdownNow();
    inProcessHandlers.shutdownNow();
    terminated.countDown();
  }

  /**
   * Lets calls from outside drain first, as they may still need peers in this process; one deadline
   * covers all.
   */
  private void stopServers() {
    netty.shutdown();
    long deadline = System.nanoTime() + config.drainTimeout().toNanos();
    drain(netty, deadline);
    inProcess.ifPresent(
        server -> {
          server.shutdown();
          drain(server, deadline);
        });
  }

  /**
   * Waits for what still runs on behalf of calls that are over for gRPC: those that were cut off or
   * cancelled. It may be in the middle of a write to a database, which an interrupt would close.
   */
  private void awaitHandlers() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CANCELLED_CALLS_WAIT_SECONDS);
    try {
      readiness.join(TimeUnit.SECONDS.toMillis(CANCELLED_CALLS_WAIT_SECONDS));
      while (isBusy() && System.nanoTime() < deadline) {
        Thread.sleep(HANDLERS_POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isBusy() {
    return handlers.getActiveCount() > 0
        || !handlers.getQueue().isEmpty()
        || inProcessHandlers.getActiveCount() > 0;
  }

  private List<ServiceModule> reversed() {
    List<ServiceModule> reversed = new ArrayList<>(modules);
    Collections.reverse(reversed);
    return reversed;
  }

  private static void drain(Server server, long deadline) {
    try {
      if (!server.awaitTermination(
          Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
        server.shutdownNow();
        server.awaitTermination(CANCELLED_CALLS_WAIT_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private static void quietly(String step, String module, Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      log.error("cannot {} {}", step, module, e);
    }
  }

  private static ThreadPoolExecutor handlerPool() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            HANDLER_THREADS,
            HANDLER_THREADS,
            30,
            TimeUnit.SECONDS,
            // gRPC gives no way to refuse here: what waits is bounded per connection, by its calls
            // and by the flow control of each.
            new LinkedBlockingQueue<>(),
            threads("grpc"));
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /**
   * Returns a pool without bound: its callers are our own threads, each waiting for one call, and a
   * bound below their number would let nested calls wait for each other.
   */
  private static ThreadPoolExecutor inProcessPool() {
    return new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        30,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        threads("in-process"));
  }

  private static ThreadFactory threads(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
