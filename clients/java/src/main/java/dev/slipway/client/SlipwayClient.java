package dev.slipway.client;

import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.AssetServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * Reaches the services of a Slipway server or suite: one address for all of them, or one for each.
 *
 * <pre>{@code
 * try (SlipwayClient client = SlipwayClient.connect("localhost:7100")) {
 *   try (ActiveRun run = client.startRun(CreateRunRequest.getDefaultInstance())) {
 *     run.logMetric("loss", 0.25, 1);
 *     client.transfers().uploadFolder(Path.of("model"), "0/" + run.runId() + "/artifacts/model");
 *     run.finish();
 *   }
 * }
 * }</pre>
 *
 * <p>Nothing is connected before the first call. Calls through the stubs throw {@link
 * io.grpc.StatusRuntimeException} and have no deadline: set one with {@code withDeadlineAfter}.
 * Thread-safe; stubs and channels are shared.
 */
public final class SlipwayClient implements AutoCloseable {
  private static final int MAX_MESSAGE_BYTES = 64 << 20;
  private static final int FLOW_CONTROL_WINDOW_BYTES = 4 << 20;
  private static final long KEEP_ALIVE_SECONDS = 30;
  private static final long CLOSE_SECONDS = 5;

  private final Channel tracking;
  private final Channel registry;
  private final Channel artifact;
  private final Channel serving;
  private final Map<String, ManagedChannel> owned;

  private SlipwayClient(
      Channel tracking,
      Channel registry,
      Channel artifact,
      Channel serving,
      Map<String, ManagedChannel> owned) {
    this.tracking = tracking;
    this.registry = registry;
    this.artifact = artifact;
    this.serving = serving;
    this.owned = Map.copyOf(owned);
  }

  /**
   * Returns a client of a server that has all services on one address, without TLS.
   *
   * @param address {@code host:port}, e.g. {@code localhost:7100}
   */
  public static SlipwayClient connect(String address) {
    return builder().address(address).build();
  }

  /** Returns a client over a channel that the caller owns and closes, e.g. an in-process one. */
  public static SlipwayClient over(Channel channel) {
    return new SlipwayClient(channel, channel, channel, channel, Map.of());
  }

  /** Returns a builder for services on addresses of their own, or with TLS. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the blocking stub of the tracking service. */
  public TrackingServiceGrpc.TrackingServiceBlockingStub tracking() {
    return TrackingServiceGrpc.newBlockingStub(tracking);
  }

  /** Returns the blocking stub of the registry. */
  public RegistryServiceGrpc.RegistryServiceBlockingStub registry() {
    return RegistryServiceGrpc.newBlockingStub(registry);
  }

  /** Returns the blocking stub of the artifact service; for files use {@link #transfers}. */
  public ArtifactServiceGrpc.ArtifactServiceBlockingStub artifacts() {
    return ArtifactServiceGrpc.newBlockingStub(artifact);
  }

  /** Returns the blocking stub of the versioned assets. */
  public AssetServiceGrpc.AssetServiceBlockingStub assets() {
    return AssetServiceGrpc.newBlockingStub(artifact);
  }

  /** Returns the blocking stub of the serving service. */
  public ServingServiceGrpc.ServingServiceBlockingStub serving() {
    return ServingServiceGrpc.newBlockingStub(serving);
  }

  /** Returns what moves files to and from the artifact service, with default options. */
  public ArtifactTransfers transfers() {
    return new ArtifactTransfers(artifact);
  }

  /** Returns what moves files to and from the artifact service. */
  public ArtifactTransfers transfers(TransferOptions options) {
    return new ArtifactTransfers(artifact, options);
  }

  /**
   * Returns a cache of versioned assets; the caller closes it.
   *
   * @throws IOException if its folder cannot be made or written
   */
  public AssetCache assetCache(AssetCacheOptions options) throws IOException {
    return new AssetCache(artifact, options);
  }

  /** Returns what pushes files and folders as versions of assets. */
  public AssetUploads assetUploads() {
    return new AssetUploads(artifact);
  }

  /**
   * Starts a run to log to, with default options; returns at once, also when the service is away.
   *
   * @param request what the run is like; a run id is added when it has none
   * @throws IllegalArgumentException if the request has a {@code request_id} but no {@code run_id}
   */
  public ActiveRun startRun(CreateRunRequest request) {
    return startRun(request, RunOptions.defaults());
  }

  /**
   * Starts a run to log to; returns at once, also when the service is away.
   *
   * @param request what the run is like; a run id is added when it has none
   * @throws IllegalArgumentException if the request has a {@code request_id} but no {@code run_id}
   */
  public ActiveRun startRun(CreateRunRequest request, RunOptions options) {
    return ActiveRun.start(tracking, request, options);
  }

  /** Goes on with a run that exists, as one more writer of it; returns at once. */
  public ActiveRun resumeRun(String runId, RunOptions options) {
    return ActiveRun.resume(tracking, runId, options);
  }

  /** Opens a stream of metrics to a run, with a writer id of its own and default options. */
  public MetricStream metricStream(String runId) {
    return MetricStream.open(tracking, runId);
  }

  /** Opens a stream of metrics to a run. */
  public MetricStream metricStream(String runId, MetricStreamOptions options) {
    return MetricStream.open(tracking, runId, options);
  }

  /** Returns the channel of the tracking service, for stubs of other kinds. */
  public Channel trackingChannel() {
    return tracking;
  }

  /** Returns the channel of the registry, for stubs of other kinds. */
  public Channel registryChannel() {
    return registry;
  }

  /** Returns the channel of the artifact service, for stubs of other kinds. */
  public Channel artifactChannel() {
    return artifact;
  }

  /**
   * Returns the channel of the serving service, for stubs of other kinds such as Open Inference.
   */
  public Channel servingChannel() {
    return serving;
  }

  /**
   * Closes the channels that this client has opened, and waits a few seconds for running calls. End
   * runs and close metric streams first.
   */
  @Override
  public void close() {
    owned.values().forEach(ManagedChannel::shutdown);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
    try {
      for (ManagedChannel channel : owned.values()) {
        if (!channel.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          channel.shutdownNow();
        }
      }
    } catch (InterruptedException e) {
      owned.values().forEach(ManagedChannel::shutdownNow);
      Thread.currentThread().interrupt();
    }
  }

  /** Says where the services are. Addresses are {@code host:port}. Not thread-safe. */
  public static final class Builder {
    private String all = "localhost:7100";
    private String tracking = "";
    private String registry = "";
    private String artifact = "";
    private String serving = "";
    private boolean tls;

    private Builder() {}

    /**
     * Sets the address of every service that has none of its own. Default: {@code localhost:7100}.
     */
    public Builder address(String address) {
      this.all = Objects.requireNonNull(address);
      return this;
    }

    /** Sets the address of the tracking service. */
    public Builder trackingAddress(String address) {
      this.tracking = Objects.requireNonNull(address);
      return this;
    }

    /** Sets the address of the registry. */
    public Builder registryAddress(String address) {
      this.registry = Objects.requireNonNull(address);
      return this;
    }

    /** Sets the address of the artifact service. */
    public Builder artifactAddress(String address) {
      this.artifact = Objects.requireNonNull(address);
      return this;
    }

    /** Sets the address of the serving service. */
    public Builder servingAddress(String address) {
      this.serving = Objects.requireNonNull(address);
      return this;
    }

    /** Uses TLS with the platform's trusted certificates. Default: plain text. */
    public Builder tls() {
      this.tls = true;
      return this;
    }

    /** Returns the client; equal addresses share a channel. */
    public SlipwayClient build() {
      Map<String, ManagedChannel> channels = new LinkedHashMap<>();
      return new SlipwayClient(
          channel(tracking, channels),
          channel(registry, channels),
          channel(artifact, channels),
          channel(serving, channels),
          channels);
    }

    private Channel channel(String own, Map<String, ManagedChannel> channels) {
      return channels.computeIfAbsent(own.isEmpty() ? all : own, this::open);
    }

    private ManagedChannel open(String address) {
      NettyChannelBuilder builder =
          NettyChannelBuilder.forTarget(address)
              .maxInboundMessageSize(MAX_MESSAGE_BYTES)
              .initialFlowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
              .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
      return tls ? builder.useTransportSecurity().build() : builder.usePlaintext().build();
    }
  }
}
