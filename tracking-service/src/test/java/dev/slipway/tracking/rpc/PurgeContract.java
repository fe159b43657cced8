package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertFails;
import static dev.slipway.tracking.rpc.Errors.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.codahale.metrics.MetricRegistry;
import com.google.protobuf.util.Durations;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.MovableClock;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.metric.Chunk;
import dev.slipway.tracking.service.CompactionConfig;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.Dataset;
import dev.slipway.tracking.v1.DatasetInput;
import dev.slipway.tracking.v1.DeleteExperimentRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelRequest;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.DeleteRunTagsRequest;
import dev.slipway.tracking.v1.GetExperimentRequest;
import dev.slipway.tracking.v1.GetLoggedModelRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.LogInputsRequest;
import dev.slipway.tracking.v1.LogOutputsRequest;
import dev.slipway.tracking.v1.LoggedModel;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.ModelInput;
import dev.slipway.tracking.v1.ModelOutput;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.PurgeDeletedRequest;
import dev.slipway.tracking.v1.PurgeDeletedResponse;
import dev.slipway.tracking.v1.RestoreExperimentRequest;
import dev.slipway.tracking.v1.RestoreRunRequest;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Holds what a purge promises on every database. */
abstract class PurgeContract {
  private static final Duration DAY = Duration.ofDays(1);

  /** Makes chunks of long tails at once, and leaves short ones alone. */
  private static final CompactionConfig COMPACTION =
      new CompactionConfig(Duration.ofMillis(10), DAY, Chunk.MIN_POINTS);

  private final MovableClock clock = new MovableClock(Instant.parse("2026-01-01T00:00:00Z"));
  private DatabaseConfig config;
  private Jdbi jdbi;
  private ExecutorService threads;

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> {
            config = newDatabase();
            return List.of(
                TrackingModule.open(
                    new TrackingConfig(config, TrackingConfig.DEFAULT_ARTIFACT_ROOT, COMPACTION),
                    new MetricRegistry(),
                    clock));
          });

  abstract DatabaseConfig newDatabase();

  @BeforeEach
  void open() {
    jdbi = Jdbi.create(config.url(), config.user(), config.password());
    threads = Executors.newFixedThreadPool(4);
  }

  @AfterEach
  void close() {
    threads.shutdownNow();
  }

  private TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(server.channel());
  }

  private String newExperiment(String name, String location) {
    return stub()
        .createExperiment(
            CreateExperimentRequest.newBuilder()
                .setRequestId("create-" + name)
                .setName(name)
                .setArtifactLocation(location)
                .addTags(Tag.newBuilder().setKey("t").setValue("v"))
                .build())
        .getExperimentId();
  }

  private String newRun(String experiment) {
    return stub()
        .createRun(
            CreateRunRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setExperimentId(experiment)
                .build())
        .getInfo()
        .getRunId();
  }

  /** Creates a run with everything that a run can have. */
  private String newFullRun(String experiment) throws Exception {
    String run = newRun(experiment);
    MetricWriter writer = MetricWriter.open(server.channel(), run, "w");
    writer.opened();
    MetricBatch.Builder chunk = MetricBatch.newBuilder().setSeq(1).addNames("m").addTimestampMs(7);
    IntStream.rangeClosed(1, Chunk.MIN_POINTS).forEach(i -> chunk.addNameIndex(0).addValue(-i));
    writer.send(chunk);
    writer.awaitCommitted(1);
    awaitChunks(run);
    log(run, 1);
    connect(run, newModel(experiment));
    stub()
        .deleteRunTags(DeleteRunTagsRequest.newBuilder().setRunId(run).addKeys("removed").build());
    writer.send(MetricBatch.newBuilder().setSeq(2).addNames("m").addTimestampMs(7).addValue(1));
    writer.awaitCommitted(2);
    writer.halfClose();
    writer.awaitEnd();
    // A search by a metric folds the latest points.
    stub()
        .searchRuns(
            SearchRunsRequest.newBuilder()
                .addExperimentIds(experiment)
                .setFilter("metrics.m > 0")
                .build());
    return run;
  }

  private void awaitChunks(String run) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (rowsOfRun(run).get("metric_chunk") == 0) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(10);
    }
  }

  private String newModel(String experiment) {
    return stub()
        .createLoggedModel(
            CreateLoggedModelRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setExperimentId(experiment)
                .addParams(Param.newBuilder().setKey("p").setValue("v"))
                .addTags(Tag.newBuilder().setKey("t").setValue("v"))
                .build())
        .getInfo()
        .getModelId();
  }

  /** Lets a run read a dataset and read, produce and measure a logged model. */
  private void connect(String run, String model) {
    stub()
        .logBatch(
            LogBatchRequest.newBuilder()
                .setRunId(run)
                .addMetrics(
                    Metric.newBuilder().setKey("m").setValue(1).setTimestampMs(1).setModelId(model))
                .build());
    stub()
        .logInputs(
            LogInputsRequest.newBuilder()
                .setRunId(run)
                .addDatasets(
                    DatasetInput.newBuilder()
                        .setDataset(
                            Dataset.newBuilder()
                                .setName("d")
                                .setDigest("1")
                                .setSourceType("s")
                                .setSource("s"))
                        .addTags(Tag.newBuilder().setKey("t").setValue("v")))
                .addModels(ModelInput.newBuilder().setModelId(model))
                .build());
    stub()
        .logOutputs(
            LogOutputsRequest.newBuilder()
                .setRunId(run)
                .addModels(ModelOutput.newBuilder().setModelId(model))
                .build());
  }

  private static UUID uuid(String id) {
    return UUID.fromString(
        id.replace("m-", "").replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5"));
  }

  private void log(String run, long step) {
    stub()
        .logBatch(
            LogBatchRequest.newBuilder()
                .setRunId(run)
                .addMetrics(
                    Metric.newBuilder().setKey("m").setValue(1).setTimestampMs(1).setStep(step))
                .addParams(Param.newBuilder().setKey("p").setValue("v"))
                .addTags(Tag.newBuilder().setKey("t").setValue("v"))
                .addTags(Tag.newBuilder().setKey("removed").setValue("v"))
                .build());
  }

  private void delete(String run) {
    stub().deleteRun(DeleteRunRequest.newBuilder().setRunId(run).build());
  }

  private void deleteExperiment(String experiment) {
    stub()
        .deleteExperiment(DeleteExperimentRequest.newBuilder().setExperimentId(experiment).build());
  }

  private Run getRun(String run) {
    return stub().getRun(GetRunRequest.newBuilder().setRunId(run).build());
  }

  private static PurgeDeletedRequest.Builder olderThan(Duration age) {
    return PurgeDeletedRequest.newBuilder().setOlderThan(Durations.fromSeconds(age.toSeconds()));
  }

  private PurgeDeletedResponse purge(PurgeDeletedRequest.Builder request) {
    return stub().purgeDeleted(request.build());
  }

  private void assertGone(String run) {
    assertFails(() -> getRun(run), Status.Code.NOT_FOUND, "RUN_NOT_FOUND");
  }

  /** Returns how many rows each table has in which a column of the name has the value. */
  private Map<String, Integer> rows(String column, Object value) {
    return jdbi.withHandle(
        handle -> {
          Map<String, Integer> rows = new TreeMap<>();
          for (String table : tablesWith(column)) {
            rows.put(
                table,
                handle
                    .createQuery(
                        "SELECT COUNT(*) FROM tracking." + table + " WHERE " + column + " = :value")
                    .bind("value", value)
                    .mapTo(Integer.class)
                    .one());
          }
          return rows;
        });
  }

  private List<String> tablesWith(String column) {
    return jdbi.withHandle(
        handle ->
            handle
                .createQuery(
                    """
                    SELECT lower(table_name) FROM information_schema.columns
                    WHERE lower(table_schema) = 'tracking' AND lower(column_name) = :column
                    """)
                .bind("column", column)
                .mapTo(String.class)
                .list());
  }

  private Map<String, Integer> rowsOfRun(String run) {
    return rows(
        "run_id",
        UUID.fromString(run.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5")));
  }

  private void assertNothingLeftOfRun(String run) {
    assertThat(rowsOfRun(run).values()).as("%s", rowsOfRun(run)).containsOnly(0);
    assertThat(rows("resource_id", run).values()).containsOnly(0);
  }

  /** Returns the tables that hold something of a run that is not there. */
  private List<String> tablesWithOrphans() {
    return jdbi.withHandle(
        handle ->
            tablesWith("run_id").stream()
                .filter(
                    table ->
                        handle
                            .createQuery(
                                "SELECT EXISTS (SELECT 1 FROM tracking.%1$s x WHERE NOT EXISTS"
                                        .formatted(table)
                                    + " (SELECT 1 FROM tracking.run r WHERE r.run_id = x.run_id))")
                            .mapTo(Boolean.class)
                            .one())
                .toList());
  }

  @Test
  void purge_ofARun_leavesNothingOfItAndAllOfOthers() throws Exception {
    String run = newFullRun("0");
    String younger = newFullRun("0");
    String active = newFullRun("0");
    Map<String, Integer> before = rowsOfRun(active);
    String artifacts = getRun(run).getInfo().getArtifactUri();
    assertThat(rowsOfRun(run).values())
        .as("every table that can hold something of a run does: %s", rowsOfRun(run))
        .doesNotContain(0);
    delete(run);
    clock.advance(DAY);
    delete(younger);

    PurgeDeletedResponse dry = purge(olderThan(DAY).setDryRun(true));
    assertThat(dry.getRuns()).isEqualTo(1);
    assertThat(dry.getMetricBytes()).isPositive();
    assertThat(dry.getArtifactUrisList()).isEmpty();
    assertThat(getRun(run).getData().getMetricsCount()).isEqualTo(1);
    PurgeDeletedResponse answer = purge(olderThan(DAY));

    assertThat(answer).isEqualTo(dry.toBuilder().addArtifactUris(artifacts).build());
    assertGone(run);
    assertNothingLeftOfRun(run);
    assertThat(rowsOfRun(active)).isEqualTo(before);
    assertThat(rowsOfRun(younger)).isEqualTo(before);
    assertThat(purge(olderThan(DAY))).isEqualTo(PurgeDeletedResponse.getDefaultInstance());
  }

  @Test
  void purgedRun_isNotFoundByAnybody() {
    String run = newRun("0");
    delete(run);
    purge(olderThan(Duration.ZERO));

    assertFails(() -> log(run, 1), Status.Code.NOT_FOUND, "RUN_NOT_FOUND");
    assertFails(() -> delete(run), Status.Code.NOT_FOUND, "RUN_NOT_FOUND");
    assertFails(
        () -> stub().restoreRun(RestoreRunRequest.newBuilder().setRunId(run).build()),
        Status.Code.NOT_FOUND,
        "RUN_NOT_FOUND");
    assertFails(
        () ->
            stub()
                .getMetricHistory(
                    GetMetricHistoryRequest.newBuilder().setRunId(run).setMetricKey("m").build()),
        Status.Code.NOT_FOUND,
        "RUN_NOT_FOUND");
    MetricWriter writer = MetricWriter.open(server.channel(), run, "w");
    assertFails(
        () -> {
          throw writer.awaitError();
        },
        Status.Code.NOT_FOUND,
        "RUN_NOT_FOUND");
  }

  @Test
  void purge_ofAnExperiment_takesItsRunsAndFreesItsName() throws Exception {
    String experiment = newExperiment("e", "");
    String deletedBefore = newFullRun(experiment);
    String deletedWithIt = newFullRun(experiment);
    String model = newModel(experiment);
    assertThat(rows("experiment_id", Long.valueOf(experiment)).values())
        .as("every table: %s", rows("experiment_id", Long.valueOf(experiment)))
        .doesNotContain(0);
    delete(deletedBefore);
    clock.advance(DAY);
    deleteExperiment(experiment);

    assertThat(purge(olderThan(Duration.ofHours(1))).getRuns()).isEqualTo(1);
    assertThat(getRun(deletedWithIt).getData().getMetricsCount()).isEqualTo(1);
    clock.advance(DAY);
    PurgeDeletedResponse answer = purge(olderThan(DAY));

    assertThat(answer.getExperiments()).isEqualTo(1);
    assertThat(answer.getRuns()).isEqualTo(1);
    assertThat(answer.getLoggedModels()).isEqualTo(3);
    assertThat(answer.getMore()).isFalse();
    assertThat(answer.getArtifactUrisList())
        .hasSize(5)
        .startsWith("mlflow-artifacts:/" + experiment + "/" + deletedWithIt + "/artifacts")
        .contains("mlflow-artifacts:/" + experiment + "/models/" + model + "/artifacts")
        .endsWith("mlflow-artifacts:/" + experiment);
    assertFails(
        () ->
            stub()
                .getExperiment(
                    GetExperimentRequest.newBuilder().setExperimentId(experiment).build()),
        Status.Code.NOT_FOUND,
        "EXPERIMENT_NOT_FOUND");
    assertNothingLeftOfRun(deletedWithIt);
    assertThat(rows("experiment_id", Long.valueOf(experiment)).values()).containsOnly(0);
    assertThat(rows("resource_id", experiment).values()).containsOnly(0);
    assertThat(newExperiment("e", "")).isNotEqualTo(experiment);
  }

  @Test
  void purge_ofALoggedModel_leavesItsRuns() throws Exception {
    String run = newFullRun("0");
    String model = newModel("0");
    String reader = newRun("0");
    connect(reader, model);
    assertThat(getRun(reader).getInputs().getModelInputsCount()).isEqualTo(1);
    assertThat(rows("model_id", uuid(model)).values())
        .as("every table: %s", rows("model_id", uuid(model)))
        .doesNotContain(0);
    String artifacts = getModel(model).getInfo().getArtifactUri();
    stub().deleteLoggedModel(DeleteLoggedModelRequest.newBuilder().setModelId(model).build());
    clock.advance(DAY);

    PurgeDeletedResponse dry = purge(olderThan(DAY).setDryRun(true));
    assertThat(dry).isEqualTo(PurgeDeletedResponse.newBuilder().setLoggedModels(1).build());
    assertThat(purge(olderThan(DAY))).isEqualTo(dry.toBuilder().addArtifactUris(artifacts).build());

    assertFails(() -> getModel(model), Status.Code.NOT_FOUND, "LOGGED_MODEL_NOT_FOUND");
    assertThat(rows("model_id", uuid(model)).values()).containsOnly(0);
    assertThat(rows("resource_id", model).values()).containsOnly(0);
    assertThat(getRun(reader).getInputs().getModelInputsCount()).isZero();
    assertThat(getRun(reader).getOutputs().getModelOutputsCount()).isZero();
    assertThat(getRun(reader).getInputs().getDatasetInputsCount()).isEqualTo(1);
    assertThat(getRun(run).getData().getMetricsCount()).isEqualTo(1);
    assertThat(purge(olderThan(DAY))).isEqualTo(PurgeDeletedResponse.getDefaultInstance());
  }

  private LoggedModel getModel(String model) {
    return stub()
        .getLoggedModel(
            GetLoggedModelRequest.newBuilder().setModelId(model).setAllowDeleted(true).build());
  }

  @Test
  void restoredExperiment_isAsOldAsItsNextDeletion() {
    String experiment = newExperiment("e", "");
    String run = newRun(experiment);
    deleteExperiment(experiment);
    clock.advance(DAY);
    stub()
        .restoreExperiment(
            RestoreExperimentRequest.newBuilder().setExperimentId(experiment).build());
    assertThat(purge(olderThan(DAY))).isEqualTo(PurgeDeletedResponse.getDefaultInstance());
    deleteExperiment(experiment);

    assertThat(purge(olderThan(DAY))).isEqualTo(PurgeDeletedResponse.getDefaultInstance());
    assertThat(getRun(run).getInfo().getRunId()).isEqualTo(run);
  }

  @Test
  void defaultExperiment_staysWhenItIsPurged() {
    String run = newRun("0");
    deleteExperiment("0");

    PurgeDeletedResponse answer = purge(olderThan(Duration.ZERO));

    assertThat(answer.getExperiments()).isZero();
    assertThat(answer.getRuns()).isEqualTo(1);
    assertGone(run);
    stub().restoreExperiment(RestoreExperimentRequest.newBuilder().setExperimentId("0").build());
    newRun("0");
  }

  @Test
  void purge_isBoundedAndConfined() {
    String experiment = newExperiment("e", "");
    String other = newExperiment("other", "");
    IntStream.range(0, 5).forEach(i -> newRun(experiment));
    newRun(other);
    deleteExperiment(experiment);
    deleteExperiment(other);
    PurgeDeletedRequest.Builder request =
        olderThan(Duration.ZERO).addExperimentIds(experiment).addExperimentIds("123456");

    PurgeDeletedResponse dry = purge(request.clone().setDryRun(true).setMaxObjects(1));
    assertThat(dry)
        .isEqualTo(PurgeDeletedResponse.newBuilder().setExperiments(1).setRuns(5).build());
    List<PurgeDeletedResponse> answers = new ArrayList<>();
    do {
      answers.add(purge(request.clone().setMaxObjects(2)));
    } while (answers.get(answers.size() - 1).getMore());

    assertThat(answers).extracting(PurgeDeletedResponse::getRuns).containsExactly(2L, 2L, 1L);
    assertThat(answers)
        .extracting(PurgeDeletedResponse::getExperiments)
        .containsExactly(0L, 0L, 1L);
    assertThat(purge(olderThan(Duration.ZERO).setDryRun(true)))
        .isEqualTo(PurgeDeletedResponse.newBuilder().setExperiments(1).setRuns(1).build());
  }

  @Test
  void artifactsThatOthersMayHave_areNotNamed() {
    List<String> purged =
        List.of(
            newExperiment("same", "s3://bucket/shared/"),
            newExperiment("below", "s3://bucket/shared/a/b"),
            newExperiment("above", "s3://bucket"),
            newExperiment("beside", "s3://bucket/share"));
    newExperiment("stays", "s3://bucket/shared");
    purged.forEach(this::deleteExperiment);

    PurgeDeletedResponse answer = purge(olderThan(Duration.ZERO));

    assertThat(answer.getExperiments()).isEqualTo(4);
    assertThat(answer.getArtifactUrisList()).containsExactly("s3://bucket/share");
  }

  @Test
  void restoreAgainstPurge_oneOfThemWinsWhole() throws Exception {
    for (int round = 0; round < 20; round++) {
      String run = newRun("0");
      log(run, 1);
      delete(run);
      Future<Boolean> restored =
          threads.submit(
              () -> {
                try {
                  stub().restoreRun(RestoreRunRequest.newBuilder().setRunId(run).build());
                  return true;
                } catch (StatusRuntimeException e) {
                  assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
                  return false;
                }
              });
      Future<PurgeDeletedResponse> purged = threads.submit(() -> purge(olderThan(Duration.ZERO)));

      if (restored.get()) {
        assertThat(purged.get().getRuns()).isZero();
        assertThat(getRun(run).getData().getMetricsCount()).isEqualTo(1);
        assertThat(getRun(run).getData().getParamsCount()).isEqualTo(1);
      } else {
        assertThat(purged.get().getRuns()).isEqualTo(1);
        assertNothingLeftOfRun(run);
      }
    }
  }

  @Test
  void writersAgainstPurge_leaveNothingBehind() throws Exception {
    for (int round = 0; round < 15; round++) {
      String run = newRun("0");
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        writers.add(threads.submit(() -> logUntilRefused(run)));
      }
      writers.add(threads.submit(() -> openUntilRefused(run)));
      getRun(run);
      delete(run);
      purge(olderThan(Duration.ZERO));
      for (Future<?> writer : writers) {
        writer.get();
      }
      assertGone(run);
    }
    // Folds what commits left in memory, be it of runs that are gone.
    stub()
        .searchRuns(
            SearchRunsRequest.newBuilder()
                .addExperimentIds("0")
                .setFilter("metrics.m > 0")
                .build());

    assertThat(tablesWithOrphans()).isEmpty();
  }

  private void logUntilRefused(String run) {
    assertThatCode(
            () -> {
              for (long step = 0; ; step++) {
                stub()
                    .logBatch(
                        LogBatchRequest.newBuilder()
                            .setRunId(run)
                            .addMetrics(
                                Metric.newBuilder()
                                    .setKey("m")
                                    .setValue(1)
                                    .setTimestampMs(1)
                                    .setStep(step))
                            .build());
              }
            })
        .satisfies(PurgeContract::isRefusal);
  }

  private void openUntilRefused(String run) {
    assertThatCode(
            () -> {
              for (int i = 0; ; i++) {
                MetricWriter writer = MetricWriter.open(server.channel(), run, "w" + i);
                writer.opened();
                writer.halfClose();
              }
            })
        .satisfies(
            failure ->
                isRefusal(
                    failure instanceof java.util.concurrent.ExecutionException
                        ? failure.getCause()
                        : failure));
  }

  private static void isRefusal(Throwable failure) {
    assertThat(Status.fromThrowable(failure).getCode())
        .as("%s", failure)
        .isIn(Status.Code.FAILED_PRECONDITION, Status.Code.NOT_FOUND);
  }

  @Test
  void twoPurgesAtOnce_removeEachObjectOnce() throws Exception {
    String experiment = newExperiment("e", "");
    IntStream.range(0, 30).forEach(i -> newRun(experiment));
    deleteExperiment(experiment);
    List<Future<Long>> purges = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      purges.add(threads.submit(this::purgeAll));
    }
    long removed = 0;
    for (Future<Long> each : purges) {
      removed += each.get();
    }

    assertThat(removed).isEqualTo(31);
  }

  private long purgeAll() {
    long removed = 0;
    while (true) {
      try {
        PurgeDeletedResponse answer = purge(olderThan(Duration.ZERO).setMaxObjects(3));
        removed += answer.getRuns() + answer.getExperiments();
        if (!answer.getMore()) {
          return removed;
        }
      } catch (StatusRuntimeException e) {
        Errors.assertIs(e, Status.Code.RESOURCE_EXHAUSTED, "PURGE_RUNNING");
      }
    }
  }

  @Test
  void purge_withFaults_isToldAllOfThem() {
    assertInvalid(() -> purge(PurgeDeletedRequest.newBuilder()), "older_than");
    assertInvalid(
        () ->
            purge(
                PurgeDeletedRequest.newBuilder()
                    .setOlderThan(Durations.fromMillis(-1))
                    .addExperimentIds("x")
                    .setMaxObjects(-1)),
        "older_than",
        "experiment_ids[0]",
        "max_objects");
    assertInvalid(
        () ->
            purge(
                olderThan(DAY)
                    .addAllExperimentIds(
                        IntStream.rangeClosed(0, 1000).mapToObj(Integer::toString).toList())),
        "experiment_ids");
    assertThat(
            purge(
                PurgeDeletedRequest.newBuilder()
                    .setOlderThan(Durations.fromSeconds(315_576_000_000L))))
        .isEqualTo(PurgeDeletedResponse.getDefaultInstance());
  }
}
