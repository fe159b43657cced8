package dev.slipway.registry.rpc;

import com.codahale.metrics.MetricRegistry;
import com.google.protobuf.ByteString;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.registry.RegistryConfig;
import dev.slipway.registry.RegistryModule;
import dev.slipway.registry.WebhookConfig;
import dev.slipway.runtime.error.ErrorInterceptor;
import dev.slipway.runtime.server.ServiceModule;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.tracking.v1.Dataset;
import dev.slipway.tracking.v1.DatasetInput;
import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunData;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunInputs;
import dev.slipway.tracking.v1.SearchExperimentsRequest;
import dev.slipway.tracking.v1.SearchExperimentsResponse;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.SearchRunsResponse;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;

/**
 * Gives a registry the services that it asks: a real artifact service, and a tracking service that
 * knows two runs.
 */
final class RegistryFixture implements AutoCloseable {
  static final String RUN_ID = "0123456789abcdef0123456789abcdef";
  static final String RUN_ELSEWHERE = "ffffffffffffffffffffffffffffffff";

  static final String MODEL_FILE =
      """
      flavors:
        python_function:
          loader_module: mlflow.xgboost
        xgboost:
          data: model.ubj
          xgb_version: 3.0.4
      run_id: %s
      signature:
        inputs: '[{"type": "long", "name": "age", "required": true}, {"type": "array", "items": {"type": "double"}, "name": "scores", "required": false}]'
        outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 10]}}]'
        params: '[{"name": "temperature", "default": 0.5, "shape": null, "type": "double"}]'
      """
          .formatted(RUN_ID);

  private final ArtifactModule artifact;
  private final Server server;
  private final ManagedChannel channel;
  private final Path folder;
  private RegistryModule registry;

  RegistryFixture(Path folder) {
    this.folder = folder;
    artifact =
        ArtifactModule.open(
            new ArtifactConfig(
                TestDatabases.h2(folder),
                new ArtifactConfig.Folder(folder.resolve("store")),
                folder.resolve("uploads"),
                ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
            new MetricRegistry(),
            Clock.systemUTC());
    String name = UUID.randomUUID().toString();
    InProcessServerBuilder builder =
        InProcessServerBuilder.forName(name)
            .intercept(new ErrorInterceptor())
            .addService(new TwoRuns());
    artifact.services().forEach(builder::addService);
    try {
      server = builder.build().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    channel = InProcessChannelBuilder.forName(name).build();
  }

  /** Opens a registry on a fresh database, for the server that is to host it. */
  List<ServiceModule> openRegistry() {
    return openRegistry(RegistryConfig.DEFAULT_POLL_INTERVAL);
  }

  /** Opens a registry, as {@link #openRegistry()} does, with a poll interval of its own. */
  List<ServiceModule> openRegistry(Duration pollInterval) {
    return openRegistry(new RegistryConfig(TestDatabases.h2(folder), pollInterval));
  }

  /** Opens a registry, as {@link #openRegistry()} does, with webhooks set up. */
  List<ServiceModule> openRegistry(WebhookConfig webhooks) {
    return openRegistry(
        new RegistryConfig(
            TestDatabases.h2(folder), RegistryConfig.DEFAULT_POLL_INTERVAL, List.of(), webhooks));
  }

  /** Opens a registry, as {@link #openRegistry()} does, whose policies only some roles change. */
  List<ServiceModule> openRegistry(List<String> policyRoles) {
    return openRegistry(
        new RegistryConfig(
            TestDatabases.h2(folder),
            RegistryConfig.DEFAULT_POLL_INTERVAL,
            policyRoles,
            WebhookConfig.DEFAULT));
  }

  private List<ServiceModule> openRegistry(RegistryConfig config) {
    registry =
        RegistryModule.open(
            config, channel, channel, channel, new MetricRegistry(), Clock.systemUTC());
    return List.of(registry);
  }

  /** Returns the registry that was opened last. */
  RegistryModule registry() {
    return registry;
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Ends the services that the registry asks, which then do not answer. */
  void stopUpstream() {
    server.shutdownNow();
  }

  void uploadPackage(String path) {
    upload(path + "/MLmodel", MODEL_FILE.getBytes(StandardCharsets.UTF_8));
    upload(path + "/model.ubj", path.getBytes(StandardCharsets.UTF_8));
  }

  void upload(String path, byte[] bytes) {
    CompletableFuture<UploadResponse> done = new CompletableFuture<>();
    StreamObserver<UploadRequest> upload =
        ArtifactServiceGrpc.newStub(channel)
            .upload(
                new StreamObserver<>() {
                  @Override
                  public void onNext(UploadResponse response) {
                    done.complete(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    done.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    upload.onNext(
        UploadRequest.newBuilder().setSpec(UploadSpec.newBuilder().setPath(path)).build());
    int chunk = 1 << 20;
    for (int offset = 0; offset < bytes.length; offset += chunk) {
      ByteString data = ByteString.copyFrom(bytes, offset, Math.min(chunk, bytes.length - offset));
      CRC32C crc = new CRC32C();
      crc.update(data.asReadOnlyByteBuffer());
      upload.onNext(
          UploadRequest.newBuilder()
              .setChunk(
                  UploadChunk.newBuilder()
                      .setOffset(offset)
                      .setData(data)
                      .setCrc32C((int) crc.getValue()))
              .build());
    }
    upload.onCompleted();
    done.join();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
    artifact.close();
  }

  private static final class TwoRuns extends TrackingServiceGrpc.TrackingServiceImplBase {
    @Override
    public void getRun(GetRunRequest request, StreamObserver<Run> observer) {
      String uri;
      RunData.Builder data = RunData.newBuilder().addParams(param("same", "1"));
      switch (request.getRunId()) {
        case RUN_ID -> {
          uri = "mlflow-artifacts:/1/" + RUN_ID + "/artifacts";
          data.addParams(param("depth", "3"))
              .addParams(param("lr", "0.1"))
              .addMetrics(Metric.newBuilder().setKey("loss").setValue(0.25));
        }
        case RUN_ELSEWHERE -> {
          uri = "s3://elsewhere/1";
          data.addParams(param("lr", "0.01"))
              .addMetrics(Metric.newBuilder().setKey("loss").setValue(0.125));
        }
        default -> {
          observer.onError(Status.NOT_FOUND.asRuntimeException());
          return;
        }
      }
      observer.onNext(run(request.getRunId(), uri, data.build()));
      observer.onCompleted();
    }

    @Override
    public void searchRuns(SearchRunsRequest request, StreamObserver<SearchRunsResponse> observer) {
      SearchRunsResponse.Builder found = SearchRunsResponse.newBuilder();
      if (request.getFilter().equals("datasets.name = 'mnist' AND datasets.digest = 'd1'")) {
        found.addRuns(run(RUN_ID, "", RunData.getDefaultInstance()));
      }
      observer.onNext(found.build());
      observer.onCompleted();
    }

    @Override
    public void searchExperiments(
        SearchExperimentsRequest request, StreamObserver<SearchExperimentsResponse> observer) {
      observer.onNext(
          SearchExperimentsResponse.newBuilder()
              .addExperiments(Experiment.newBuilder().setExperimentId("1"))
              .build());
      observer.onCompleted();
    }

    private static Run run(String id, String artifactUri, RunData data) {
      return Run.newBuilder()
          .setInfo(
              RunInfo.newBuilder()
                  .setRunId(id)
                  .setExperimentId("1")
                  .setRunName("first")
                  .setArtifactUri(artifactUri))
          .setData(data)
          .setInputs(
              RunInputs.newBuilder()
                  .addDatasetInputs(
                      DatasetInput.newBuilder()
                          .setDataset(Dataset.newBuilder().setName("mnist").setDigest("d1"))
                          .addTags(
                              Tag.newBuilder().setKey("mlflow.data.context").setValue("training"))))
          .build();
    }

    private static Param param(String key, String value) {
      return Param.newBuilder().setKey(key).setValue(value).build();
    }
  }
}
