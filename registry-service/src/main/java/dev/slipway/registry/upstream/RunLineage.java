package dev.slipway.registry.upstream;

import dev.slipway.registry.lineage.LineageNode.OfDataset;
import dev.slipway.registry.lineage.RunFacts;
import dev.slipway.registry.lineage.RunFacts.DatasetUse;
import dev.slipway.registry.version.RunId;
import dev.slipway.tracking.v1.DatasetInput;
import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunProjection;
import dev.slipway.tracking.v1.SearchExperimentsRequest;
import dev.slipway.tracking.v1.SearchExperimentsResponse;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.SearchRunsResponse;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import dev.slipway.tracking.v1.ViewType;
import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Asks the tracking service which datasets runs took. Thread-safe; calls block for at most 30
 * seconds and throw {@link UpstreamUnavailableException} when the service does not answer.
 */
public final class RunLineage {
  private static final long DEADLINE_SECONDS = 30;
  private static final int EXPERIMENTS_PER_SEARCH = 1000;
  private static final String SERVICE = "tracking";
  private static final String CONTEXT_TAG = "mlflow.data.context";

  private static final KeySelection NO_KEYS =
      KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE).build();

  /** Leaves out all that is logged. */
  private static final RunProjection INPUTS_ONLY =
      RunProjection.newBuilder().setMetrics(NO_KEYS).setParams(NO_KEYS).setTags(NO_KEYS).build();

  private final TrackingServiceBlockingStub stub;

  /** Creates it over a channel that the caller owns. */
  public RunLineage(Channel channel) {
    stub = TrackingServiceGrpc.newBlockingStub(channel);
  }

  /** Finds those of some runs that exist. */
  public List<RunFacts> find(Collection<RunId> runs) {
    TrackingServiceBlockingStub limited = limited();
    List<RunFacts> found = new ArrayList<>();
    for (RunId run : runs) {
      try {
        found.add(
            facts(
                limited.getRun(
                    GetRunRequest.newBuilder()
                        .setRunId(run.value())
                        .setProjection(INPUTS_ONLY)
                        .build())));
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
          throw failure(e);
        }
      }
    }
    return found;
  }

  /** Lists runs that took a dataset, newest first within an experiment, at most some. */
  public List<RunFacts> taking(OfDataset dataset, int limit) {
    TrackingServiceBlockingStub limited = limited();
    List<RunFacts> found = new ArrayList<>();
    try {
      if (!dataset.experimentId().isEmpty()) {
        search(limited, List.of(dataset.experimentId()), dataset, limit, found);
        return found;
      }
      SearchExperimentsRequest.Builder experiments =
          SearchExperimentsRequest.newBuilder()
              .setViewType(ViewType.VIEW_TYPE_ALL)
              .setPageSize(EXPERIMENTS_PER_SEARCH);
      SearchExperimentsResponse page;
      do {
        page = limited.searchExperiments(experiments.build());
        List<String> ids =
            page.getExperimentsList().stream().map(Experiment::getExperimentId).toList();
        if (!ids.isEmpty()) {
          search(limited, ids, dataset, limit, found);
        }
        experiments.setPageToken(page.getNextPageToken());
      } while (found.size() < limit && !page.getNextPageToken().isEmpty());
      return found;
    } catch (StatusRuntimeException e) {
      throw failure(e);
    }
  }

  private static void search(
      TrackingServiceBlockingStub limited,
      List<String> experiments,
      OfDataset dataset,
      int limit,
      List<RunFacts> found) {
    SearchRunsRequest.Builder request =
        SearchRunsRequest.newBuilder()
            .addAllExperimentIds(experiments)
            .setFilter(filter(dataset))
            .setViewType(ViewType.VIEW_TYPE_ALL)
            .setProjection(INPUTS_ONLY);
    SearchRunsResponse page;
    do {
      page = limited.searchRuns(request.build());
      // The filter asks of name and digest each by itself, so one run may meet it with two
      // datasets.
      page.getRunsList().stream()
          .map(RunLineage::facts)
          .filter(
              run ->
                  run.datasets().stream()
                      .anyMatch(
                          use ->
                              use.name().equals(dataset.name())
                                  && use.digest().equals(dataset.digest())))
          .limit(limit - found.size())
          .forEach(found::add);
      request.setPageToken(page.getNextPageToken());
    } while (found.size() < limit && !page.getNextPageToken().isEmpty());
  }

  private static String filter(OfDataset dataset) {
    return Stream.of(
            clause("datasets.name", dataset.name()), clause("datasets.digest", dataset.digest()))
        .flatMap(Optional::stream)
        .collect(Collectors.joining(" AND "));
  }

  /** Returns a clause; nothing for a text with both kinds of quotes, which no clause can hold. */
  private static Optional<String> clause(String field, String text) {
    if (text.indexOf('\'') < 0) {
      return Optional.of(field + " = '" + text + "'");
    }
    return text.indexOf('"') < 0 ? Optional.of(field + " = \"" + text + "\"") : Optional.empty();
  }

  private static RunFacts facts(Run run) {
    return new RunFacts(
        new RunId(run.getInfo().getRunId()),
        run.getInfo().getExperimentId(),
        run.getInfo().getRunName(),
        run.getInputs().getDatasetInputsList().stream().map(RunLineage::use).toList());
  }

  private static DatasetUse use(DatasetInput input) {
    return new DatasetUse(
        input.getDataset().getName(),
        input.getDataset().getDigest(),
        input.getTagsList().stream()
            .filter(tag -> tag.getKey().equals(CONTEXT_TAG))
            .map(Tag::getValue)
            .findFirst()
            .orElse(""));
  }

  private TrackingServiceBlockingStub limited() {
    return stub.withDeadline(Deadline.after(DEADLINE_SECONDS, TimeUnit.SECONDS));
  }

  private static RuntimeException failure(StatusRuntimeException e) {
    return switch (e.getStatus().getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED ->
          new UpstreamUnavailableException(SERVICE, e);
      default -> new UpstreamFailureException(SERVICE, e);
    };
  }
}
