package dev.slipway.serving.rpc;

import com.codahale.metrics.Snapshot;
import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.slipway.serving.cache.CacheFigures;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.execution.CostLine;
import dev.slipway.serving.execution.Execution.Timings;
import dev.slipway.serving.execution.ModelStatistics;
import dev.slipway.serving.inference.InferenceResult;
import dev.slipway.serving.inference.RowFault;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.LoadedStep;
import dev.slipway.serving.model.ModelStatus;
import dev.slipway.serving.model.Route;
import dev.slipway.serving.v1.BatchSizeCount;
import dev.slipway.serving.v1.CacheStatistics;
import dev.slipway.serving.v1.LatencySummary;
import dev.slipway.serving.v1.OutputForm;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.PredictTimings;
import dev.slipway.serving.v1.Provenance;
import dev.slipway.serving.v1.Residence;
import dev.slipway.serving.v1.RowError;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.StepProvenance;
import dev.slipway.serving.v1.VersionState;
import dev.slipway.serving.v1.VersionStatistics;
import java.time.Instant;

/** Writes {@code slipway.serving.v1} replies. */
final class ServingProtos {
  private ServingProtos() {}

  static PredictResponse answer(PredictRequest request, InferenceResult result, long arrivedNanos) {
    PredictResponse.Builder response =
        PredictResponse.newBuilder().setId(request.getId()).setProvenance(provenance(result));
    OutputForm form = request.getOptions().getOutputForm();
    boolean asFrame =
        form == OutputForm.OUTPUT_FORM_DATA_FRAME
            || (form != OutputForm.OUTPUT_FORM_TENSORS && request.hasDataFrame());
    if (asFrame) {
      response.setDataFrame(
          DataFrames.write(
              result.outputs(), result.model().modelPackage().signature(), result.rowFaults()));
    } else {
      response.setTensors(ServingTensors.write(result.outputs()));
    }
    for (RowFault fault : result.rowFaults()) {
      response.addRowErrors(
          RowError.newBuilder()
              .setRow(fault.row())
              .setField(fault.field())
              .setStatus(Failures.toProto(Failures.toStatus(fault.failure()))));
    }
    if (request.getOptions().getTimings()) {
      response.setTimings(timings(result, arrivedNanos));
    }
    return response.build();
  }

  private static PredictTimings timings(InferenceResult result, long arrivedNanos) {
    Timings timings = result.timings();
    long total = System.nanoTime() - arrivedNanos;
    return PredictTimings.newBuilder()
        .setTotalNanos(total)
        .setLoadNanos(result.loadNanos())
        .setQueueNanos(timings.queue())
        .setAssemblyNanos(timings.assembly())
        .setComputeNanos(timings.compute())
        .setCacheNanos(result.cacheNanos())
        .setSplitNanos(
            Math.max(
                0,
                total
                    - result.loadNanos()
                    - timings.queue()
                    - timings.assembly()
                    - result.cacheNanos()
                    - timings.compute()))
        .build();
  }

  private static Provenance provenance(InferenceResult result) {
    CatalogVersion version = result.target().version();
    Provenance.Builder provenance =
        Provenance.newBuilder()
            .setModel(version.key().model())
            .setVersion(version.key().version())
            .setPackageDigest(version.packageDigest())
            .setRunId(version.runId())
            .setRegistryRevision(result.target().revision())
            .setBatchRows(result.batchRows())
            .setCacheHit(result.cacheHit())
            .setRoute(route(result.target().route()));
    for (LoadedStep step : result.model().steps()) {
      CatalogVersion behind = step.model().version();
      provenance.addSteps(
          StepProvenance.newBuilder()
              .setStep(step.name())
              .setModel(behind.key().model())
              .setVersion(behind.key().version())
              .setPackageDigest(behind.packageDigest()));
    }
    Selector asked = result.target().asked();
    if (asked instanceof Selector.InStage inStage) {
      provenance.setStage(stage(inStage.stage()));
    } else if (asked instanceof Selector.Aliased aliased) {
      provenance.setAlias(aliased.alias());
    }
    return provenance.build();
  }

  private static dev.slipway.serving.v1.Route route(Route route) {
    return switch (route) {
      case NONE -> dev.slipway.serving.v1.Route.ROUTE_UNSPECIFIED;
      case PRIMARY -> dev.slipway.serving.v1.Route.ROUTE_PRIMARY;
      case CANARY -> dev.slipway.serving.v1.Route.ROUTE_CANARY;
      case PINNED -> dev.slipway.serving.v1.Route.ROUTE_PINNED;
    };
  }

  static dev.slipway.registry.v1.Stage stage(Stage stage) {
    return switch (stage) {
      case NONE -> dev.slipway.registry.v1.Stage.STAGE_NONE;
      case STAGING -> dev.slipway.registry.v1.Stage.STAGE_STAGING;
      case PRODUCTION -> dev.slipway.registry.v1.Stage.STAGE_PRODUCTION;
      case ARCHIVED -> dev.slipway.registry.v1.Stage.STAGE_ARCHIVED;
    };
  }

  static ServedVersion version(CatalogVersion known, ModelStatus status, boolean answersStage) {
    ServedVersion.Builder version =
        version(status)
            .setStage(stage(known.stage()))
            .addAllAliases(known.aliases())
            .setPackageDigest(known.packageDigest())
            .setRunId(known.runId())
            .setAnswersStage(answersStage);
    return version.build();
  }

  /** Writes a version that the registry no longer has. */
  static ServedVersion.Builder version(ModelStatus status) {
    ServedVersion.Builder version =
        ServedVersion.newBuilder()
            .setModel(status.key().model())
            .setVersion(status.key().version())
            .setState(state(status));
    status.residence().ifPresent(residence -> version.setResidence(residence(residence)));
    status.loaded().ifPresent(model -> add(model, version));
    status
        .failure()
        .ifPresent(
            failure ->
                version
                    .setLastError(Failures.toProto(Failures.toStatus(failure.cause())))
                    .setLastErrorTime(timestamp(failure.time())));
    return version;
  }

  private static void add(LoadedModel model, ServedVersion.Builder version) {
    version
        .setPackageDigest(model.version().packageDigest())
        .setRunId(model.version().runId())
        .setPlatform(model.predictor().platform())
        .setLoadTime(timestamp(model.report().time()))
        .setLoadDuration(duration(model.report().duration()))
        .setMemoryBytes(model.memoryBytes())
        .setQueuedRequests(model.queue().queued())
        .setRunningRequests(model.queue().running());
    long lastUsed = model.statistics().lastUsedMillis();
    if (lastUsed > 0) {
      version.setLastUsedTime(timestamp(Instant.ofEpochMilli(lastUsed)));
    }
  }

  private static VersionState state(ModelStatus status) {
    return switch (status.state()) {
      case AVAILABLE -> VersionState.VERSION_STATE_AVAILABLE;
      case LOADING -> VersionState.VERSION_STATE_LOADING;
      case READY -> VersionState.VERSION_STATE_READY;
      case FAILED -> VersionState.VERSION_STATE_FAILED;
      case UNLOADING -> VersionState.VERSION_STATE_UNLOADING;
    };
  }

  private static Residence residence(dev.slipway.serving.model.Residence residence) {
    return switch (residence) {
      case PINNED -> Residence.RESIDENCE_PINNED;
      case ON_DEMAND -> Residence.RESIDENCE_ON_DEMAND;
      case ROLLBACK -> Residence.RESIDENCE_ROLLBACK;
    };
  }

  static VersionStatistics statistics(ModelStatistics figures, CacheFigures cache) {
    Snapshot latency = figures.latency();
    VersionStatistics.Builder statistics =
        VersionStatistics.newBuilder()
            .setSuccesses(figures.success().count())
            .setFailures(figures.fail().count())
            .setRejections(figures.rejections())
            .setExpirations(figures.expirations())
            .setRows(figures.rows())
            .setEngineCalls(figures.engineCalls())
            .setLatency(
                LatencySummary.newBuilder()
                    .setCount(figures.success().count())
                    .setMean(nanos(latency.getMean()))
                    .setP50(nanos(latency.getMedian()))
                    .setP95(nanos(latency.get95thPercentile()))
                    .setP99(nanos(latency.get99thPercentile()))
                    .setMax(nanos((double) latency.getMax())));
    figures
        .batches()
        .forEach(
            (rows, batch) ->
                statistics.addBatchSizes(
                    BatchSizeCount.newBuilder().setRows(rows).setCalls(batch.compute().count())));
    statistics.setCache(
        CacheStatistics.newBuilder()
            .setHits(cache.hits())
            .setSharedHits(cache.sharedHits())
            .setMisses(cache.misses())
            .setEvictions(cache.evictions())
            .setEntries(cache.entries())
            .setBytes(cache.bytes()));
    CostLine.Line cost = figures.cost().line();
    if (cost.samples() > 0) {
      statistics.setCost(
          dev.slipway.serving.v1.CostLine.newBuilder()
              .setFixedNanos(cost.fixedNanos())
              .setPerRowNanos(cost.perRowNanos())
              .setSamples(cost.samples()));
    }
    if (figures.lastUsedMillis() > 0) {
      statistics.setLastUsedTime(timestamp(Instant.ofEpochMilli(figures.lastUsedMillis())));
    }
    return statistics.build();
  }

  static Duration nanos(double nanos) {
    return duration(java.time.Duration.ofNanos((long) nanos));
  }

  static Duration duration(java.time.Duration duration) {
    return Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }

  static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }
}
