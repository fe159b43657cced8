package dev.slipway.registry.upstream;

import dev.slipway.registry.check.RunClause;
import dev.slipway.registry.check.RunField;
import dev.slipway.registry.version.LoggedModelId;
import dev.slipway.registry.version.LoggedModelNotFoundException;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.RunNotFoundException;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.tracking.v1.GetLoggedModelRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.LoggedModelInfo;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunProjection;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import dev.slipway.tracking.v1.ViewType;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Asks the tracking service about runs. Thread-safe; calls block for at most 10 seconds. */
public final class RunLookup {
  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final String SERVICE = "tracking";

  private final TrackingServiceBlockingStub stub;

  /** Creates the lookup over a channel that the caller owns. */
  public RunLookup(Channel channel) {
    stub = TrackingServiceGrpc.newBlockingStub(channel);
  }

  /**
   * Returns the root of a run's artifacts as a URI.
   *
   * @throws RunNotFoundException if there is no such run
   * @throws UpstreamUnavailableException if the service does not answer
   */
  public String artifactUri(RunId runId) {
    return get(runId, RunProjection.getDefaultInstance())
        .orElseThrow(() -> new RunNotFoundException(runId))
        .getInfo()
        .getArtifactUri();
  }

  /**
   * Returns where a logged model keeps its package, and which run saved it.
   *
   * @throws LoggedModelNotFoundException if there is no such model, or it is deleted
   * @throws UpstreamUnavailableException if the service does not answer
   */
  public SavedModel savedModel(LoggedModelId id) {
    try {
      LoggedModelInfo info =
          withDeadline()
              .getLoggedModel(GetLoggedModelRequest.newBuilder().setModelId(id.value()).build())
              .getInfo();
      return new SavedModel(
          info.getArtifactUri(),
          Optional.of(info.getSourceRunId()).filter(RunId::isRunId).map(RunId::new));
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
        throw new LoggedModelNotFoundException(id);
      }
      throw translate(e);
    }
  }

  /**
   * Is what a logged model says of its package.
   *
   * @param artifactUri the root of its artifacts
   * @param runId the run that saved it
   */
  public record SavedModel(String artifactUri, Optional<RunId> runId) {}

  /**
   * Finds what a run has logged under some keys; absent when there is no such run.
   *
   * @throws UpstreamUnavailableException if the service does not answer
   */
  public Optional<RunValues> find(RunId runId, Collection<RunField> fields) {
    return get(
            runId,
            RunProjection.newBuilder()
                .setMetrics(keys(fields, RunField.Metric.class))
                .setParams(keys(fields, RunField.Param.class))
                .setTags(keys(fields, RunField.Tag.class))
                .setOmitInputsAndOutputs(true)
                .build())
        .map(RunLookup::values);
  }

  /**
   * Finds all metrics and params that a run has logged; absent when there is no such run.
   *
   * @throws UpstreamUnavailableException if the service does not answer
   */
  public Optional<RunValues> findAll(RunId runId) {
    return get(
            runId,
            RunProjection.newBuilder()
                .setTags(KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE))
                .setOmitInputsAndOutputs(true)
                .build())
        .map(RunLookup::values);
  }

  /**
   * Tells whether a clause holds for a run. The tracking service decides, so that a check means
   * what a search with the same words finds.
   *
   * @throws UpstreamUnavailableException if the service does not answer
   */
  public boolean holds(RunClause clause, String experimentId, RunId runId) {
    KeySelection nothing = KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE).build();
    try {
      return withDeadline()
              .searchRuns(
                  SearchRunsRequest.newBuilder()
                      .addExperimentIds(experimentId)
                      .setFilter("run_id = '" + runId.value() + "' AND " + clause.filter())
                      .setViewType(ViewType.VIEW_TYPE_ALL)
                      .setPageSize(1)
                      .setProjection(
                          RunProjection.newBuilder()
                              .setMetrics(nothing)
                              .setParams(nothing)
                              .setTags(nothing)
                              .setOmitInputsAndOutputs(true))
                      .build())
              .getRunsCount()
          > 0;
    } catch (StatusRuntimeException e) {
      throw translate(e);
    }
  }

  private Optional<Run> get(RunId runId, RunProjection projection) {
    try {
      return Optional.of(
          withDeadline()
              .getRun(
                  GetRunRequest.newBuilder()
                      .setRunId(runId.value())
                      .setProjection(projection)
                      .build()));
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
        return Optional.empty();
      }
      throw translate(e);
    }
  }

  private TrackingServiceBlockingStub withDeadline() {
    return stub.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static KeySelection keys(Collection<RunField> fields, Class<? extends RunField> kind) {
    List<String> keys =
        fields.stream().filter(kind::isInstance).map(RunField::key).distinct().toList();
    return KeySelection.newBuilder()
        .setMode(keys.isEmpty() ? KeySelection.Mode.MODE_NONE : KeySelection.Mode.MODE_LISTED)
        .addAllKeys(keys)
        .build();
  }

  private static RunValues values(Run run) {
    return new RunValues(
        run.getInfo().getExperimentId(),
        run.getData().getMetricsList().stream()
            .collect(Collectors.toMap(Metric::getKey, Metric::getValue)),
        run.getData().getParamsList().stream()
            .collect(Collectors.toMap(Param::getKey, Param::getValue)),
        run.getData().getTagsList().stream().collect(Collectors.toMap(Tag::getKey, Tag::getValue)));
  }

  private static ServiceException translate(StatusRuntimeException failure) {
    return switch (failure.getStatus().getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED ->
          new UpstreamUnavailableException(SERVICE, failure);
      default -> new UpstreamFailureException(SERVICE, failure);
    };
  }
}
