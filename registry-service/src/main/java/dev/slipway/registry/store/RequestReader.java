package dev.slipway.registry.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.request.TransitionDecision;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.request.TransitionRequestId;
import dev.slipway.registry.request.TransitionRequestNotFoundException;
import dev.slipway.registry.request.TransitionRequestState;
import dev.slipway.registry.store.TransitionRequestDao.DecisionRow;
import dev.slipway.registry.store.TransitionRequestDao.RequestRow;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * Assembles transition requests from their rows, inside one transaction. Not thread-safe, like the
 * handle it reads from.
 */
final class RequestReader {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final TransitionRequestDao requests;

  RequestReader(Handle handle) {
    requests = handle.attach(TransitionRequestDao.class);
  }

  RequestRow row(TransitionRequestId id) {
    return requests.find(id.value()).orElseThrow(() -> new TransitionRequestNotFoundException(id));
  }

  TransitionRequest request(RequestRow row) {
    return requests(List.of(row)).get(0);
  }

  List<TransitionRequest> requests(List<RequestRow> rows) {
    return requests(rows, RequestReader::report);
  }

  private List<TransitionRequest> requests(
      List<RequestRow> rows, Function<RequestRow, Optional<CheckReport>> reports) {
    Map<String, List<TransitionDecision>> decisions =
        rows.isEmpty()
            ? Map.of()
            : requests
                .listDecisions(
                    rows.stream().map(RequestRow::transitionRequestId).toArray(String[]::new))
                .stream()
                .collect(
                    Collectors.groupingBy(
                        DecisionRow::transitionRequestId,
                        Collectors.mapping(RequestReader::decision, Collectors.toList())));
    return rows.stream()
        .map(
            row ->
                request(
                    row,
                    decisions.getOrDefault(row.transitionRequestId(), List.of()),
                    reports.apply(row)))
        .toList();
  }

  /**
   * Returns what an event says of requests that a delete takes with it; without the verdicts of
   * their checks, which are not read, so that none that cannot be read keeps anything from being
   * deleted.
   *
   * @param rows of open requests, those first that matter most; of many the first that have about 1
   *     MiB
   */
  List<RegistryChange> withdrawn(List<RequestRow> rows) {
    List<RegistryChange> changes = new ArrayList<>();
    long bytes = 0;
    for (TransitionRequest request : requests(rows, row -> Optional.empty())) {
      bytes += request.weight();
      if (!changes.isEmpty() && bytes > BoundedPages.MAX_WEIGHT) {
        break;
      }
      changes.add(RegistryChange.deleted(request));
    }
    return changes;
  }

  static String roles(Caller caller) {
    return caller.roles().stream().sorted().collect(Collectors.joining(","));
  }

  static String text(CheckReport report) {
    ObjectNode node = JSON.createObjectNode();
    CheckJson.write(node, report);
    return node.toString();
  }

  private static TransitionDecision decision(DecisionRow row) {
    Set<String> roles =
        row.roles().isEmpty()
            ? Set.of()
            : Arrays.stream(row.roles().split(",", -1)).collect(Collectors.toSet());
    return new TransitionDecision(
        new Caller(row.actor(), roles), row.approved(), row.decisionComment(), row.decidedAt());
  }

  private static TransitionRequest request(
      RequestRow row, List<TransitionDecision> decisions, Optional<CheckReport> report) {
    return new TransitionRequest(
        new TransitionRequestId(row.transitionRequestId()),
        new ModelName(row.name()),
        new VersionNumber(row.version()),
        Stage.valueOf(row.fromStage()),
        Stage.valueOf(row.toStage()),
        row.archiveExisting(),
        row.requestComment(),
        TransitionRequestState.valueOf(row.state()),
        row.requestedBy(),
        row.createdAt(),
        row.expiresAt(),
        Optional.ofNullable(row.closedAt()),
        decisions,
        row.requiredApprovals(),
        report,
        row.revision());
  }

  /** Reads the report of a request, if it has one; the model may have got another name since. */
  private static Optional<CheckReport> report(RequestRow row) {
    if (row.checkReport() == null) {
      return Optional.empty();
    }
    try {
      CheckReport stored = CheckJson.readReport(JSON.readTree(row.checkReport()));
      return Optional.of(
          new CheckReport(new ModelName(row.name()), stored.version(), stored.results()));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
