package dev.slipway.tracking.rpc;

import com.codahale.metrics.MetricRegistry;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.Dataset;
import dev.slipway.tracking.v1.DatasetInput;
import dev.slipway.tracking.v1.DeleteLoggedModelRequest;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.DeleteRunTagsRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.LogInputsRequest;
import dev.slipway.tracking.v1.LogOutputsRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.ModelOutput;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.PurgeDeletedRequest;
import dev.slipway.tracking.v1.RestoreRunRequest;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import dev.slipway.tracking.v1.UpdateRunRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Clock;
import java.util.List;

/** Is one of the servers that share a database, and a client of it over the network. */
final class TrackingReplica implements AutoCloseable {
  private final GrpcServer server;
  private final ManagedChannel channel;

  TrackingReplica(DatabaseConfig database) {
    MetricRegistry metrics = new MetricRegistry();
    server =
        GrpcServer.start(
            new GrpcServerConfig(
                "127.0.0.1", 0, 0, 16 * 1024 * 1024, java.time.Duration.ofSeconds(10)),
            "",
            List.of(
                TrackingModule.open(
                    new TrackingConfig(database, TrackingConfig.DEFAULT_ARTIFACT_ROOT),
                    metrics,
                    Clock.systemUTC())),
            metrics);
    // With the limit of 4 MiB on messages that clients have unless told otherwise.
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port())
            .usePlaintext()
            .flowControlWindow(64 * 1024)
            .build();
  }

  ManagedChannel channel() {
    return channel;
  }

  TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(channel);
  }

  String newExperiment(String name) {
    return stub()
        .createExperiment(CreateExperimentRequest.newBuilder().setName(name).build())
        .getExperimentId();
  }

  String newRun() {
    return newRun("0");
  }

  String newRun(String experiment) {
    return stub()
        .createRun(CreateRunRequest.newBuilder().setExperimentId(experiment).build())
        .getInfo()
        .getRunId();
  }

  Run getRun(String id) {
    return stub().getRun(GetRunRequest.newBuilder().setRunId(id).build());
  }

  /** Logs metrics, params and tags in one call. */
  void log(String run, Message... entries) {
    LogBatchRequest.Builder batch = LogBatchRequest.newBuilder().setRunId(run);
    for (Message entry : entries) {
      if (entry instanceof Metric metric) {
        batch.addMetrics(metric);
      } else if (entry instanceof Param param) {
        batch.addParams(param);
      } else {
        batch.addTags((Tag) entry);
      }
    }
    var unused = stub().logBatch(batch.build());
  }

  void removeTag(String run, String key) {
    var unused =
        stub().deleteRunTags(DeleteRunTagsRequest.newBuilder().setRunId(run).addKeys(key).build());
  }

  void setStatus(String run, RunStatus status) {
    update(RunInfo.newBuilder().setRunId(run).setStatus(status), "status");
  }

  void setStart(String run, long seconds) {
    update(
        RunInfo.newBuilder().setRunId(run).setStartTime(Timestamp.newBuilder().setSeconds(seconds)),
        "start_time");
  }

  private void update(RunInfo.Builder run, String field) {
    var unused =
        stub()
            .updateRun(
                UpdateRunRequest.newBuilder()
                    .setRun(run)
                    .setUpdateMask(FieldMask.newBuilder().addPaths(field))
                    .build());
  }

  /** Logs a dataset as an input. */
  void logInput(String run, String dataset) {
    var unused =
        stub()
            .logInputs(
                LogInputsRequest.newBuilder()
                    .setRunId(run)
                    .addDatasets(
                        DatasetInput.newBuilder()
                            .setDataset(
                                Dataset.newBuilder()
                                    .setName(dataset)
                                    .setDigest("d")
                                    .setSourceType("local")
                                    .setSource("s")))
                    .build());
  }

  /** Logs a new model as an output. */
  void logOutput(String run, String experiment) {
    String model =
        stub()
            .createLoggedModel(
                CreateLoggedModelRequest.newBuilder().setExperimentId(experiment).build())
            .getInfo()
            .getModelId();
    var unused =
        stub()
            .logOutputs(
                LogOutputsRequest.newBuilder()
                    .setRunId(run)
                    .addModels(ModelOutput.newBuilder().setModelId(model).setStep(3))
                    .build());
  }

  void deleteRun(String run) {
    var unused = stub().deleteRun(DeleteRunRequest.newBuilder().setRunId(run).build());
  }

  /** Deletes a run, unless it is deleted, and removes all that is deleted for good. */
  void purge(String run) {
    deleteRun(run);
    purgeDeleted();
  }

  /** Deletes a logged model and removes all that is deleted for good. */
  void purgeModel(String model) {
    var unused =
        stub().deleteLoggedModel(DeleteLoggedModelRequest.newBuilder().setModelId(model).build());
    purgeDeleted();
  }

  private void purgeDeleted() {
    var unused =
        stub()
            .purgeDeleted(
                PurgeDeletedRequest.newBuilder().setOlderThan(Duration.newBuilder()).build());
  }

  void restoreRun(String run) {
    var unused = stub().restoreRun(RestoreRunRequest.newBuilder().setRunId(run).build());
  }

  static Metric metric(String key, double value, long step) {
    return Metric.newBuilder()
        .setKey(key)
        .setValue(value)
        .setTimestampMs(1000 + step)
        .setStep(step)
        .build();
  }

  static Param param(String key, String value) {
    return Param.newBuilder().setKey(key).setValue(value).build();
  }

  static Tag tag(String key, String value) {
    return Tag.newBuilder().setKey(key).setValue(value).build();
  }

  /** Stops the server as SIGTERM does; the channel stays, and fails from then on. */
  void stop() {
    server.close();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.close();
  }
}
