package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.InvalidValueException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.Identifier;
import dev.slipway.runtime.search.SearchParser;
import dev.slipway.tracking.dataset.DatasetSelector;
import dev.slipway.tracking.rpc.SearchRequests.Paged;
import dev.slipway.tracking.search.LoggedModelField;
import dev.slipway.tracking.search.LoggedModelFieldRules;
import dev.slipway.tracking.search.LoggedModelOrder;
import dev.slipway.tracking.search.LoggedModelQuery;
import dev.slipway.tracking.v1.SearchLoggedModelsRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Turns requests for lists of logged models into queries, all violations at once. */
final class LoggedModelSearchRequests {
  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1_000;
  private static final int MAX_DATASETS = 100;

  private static final LoggedModelFieldRules RULES = new LoggedModelFieldRules();
  private static final SearchParser<LoggedModelField> PARSER = new SearchParser<>(RULES);

  private LoggedModelSearchRequests() {}

  static Paged<LoggedModelQuery> search(SearchLoggedModelsRequest request) {
    Violations violations = new Violations();
    LoggedModelQuery query =
        new LoggedModelQuery(
            SearchRequests.experimentIds(
                request.getExperimentIdsList(), SearchRequests.MAX_EXPERIMENTS, violations),
            SearchRequests.filter(PARSER, request.getFilter(), violations),
            datasets(request.getDatasetsList(), violations),
            order(request.getOrderByList(), violations),
            EntryRequests.projection(request.getProjection(), violations));
    PageRequest page =
        PageRequest.of(
            request.getPageSize(),
            request.getPageToken(),
            DEFAULT_PAGE,
            MAX_PAGE,
            fingerprint(request),
            violations);
    violations.throwIfAny();
    return new Paged<>(query, page);
  }

  private static String fingerprint(SearchLoggedModelsRequest request) {
    return String.join(
        "\n",
        "logged_models",
        String.join(",", new TreeSet<>(request.getExperimentIdsList())),
        request.getFilter(),
        request.getDatasetsList().toString(),
        request.getOrderByList().toString());
  }

  private static List<DatasetSelector> datasets(
      List<dev.slipway.tracking.v1.DatasetSelector> messages, Violations violations) {
    EntryRequests.atMost("datasets", messages.size(), MAX_DATASETS, violations);
    List<DatasetSelector> datasets = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      datasets.add(selector("datasets[" + i + "]", messages.get(i), violations));
    }
    return datasets;
  }

  private static DatasetSelector selector(
      String path, dev.slipway.tracking.v1.DatasetSelector message, Violations violations) {
    violations.required(path + ".name", message.getName());
    DatasetRequests.name(path + ".name", message.getName(), violations);
    DatasetRequests.digest(path + ".digest", message.getDigest(), violations);
    return new DatasetSelector(
        message.getName(), Optional.of(message.getDigest()).filter(digest -> !digest.isEmpty()));
  }

  private static List<LoggedModelOrder> order(
      List<dev.slipway.tracking.v1.LoggedModelOrder> messages, Violations violations) {
    EntryRequests.atMost("order_by", messages.size(), SearchRequests.MAX_ORDER_TERMS, violations);
    List<LoggedModelOrder> order = new ArrayList<>();
    Set<LoggedModelOrder> places = new HashSet<>();
    for (int i = 0; i < Math.min(messages.size(), SearchRequests.MAX_ORDER_TERMS); i++) {
      var message = messages.get(i);
      String path = "order_by[" + i + "]";
      Optional<LoggedModelField> field =
          violations.parse(path + ".field", message.getField(), LoggedModelSearchRequests::field);
      Optional<DatasetSelector> dataset =
          message.hasDataset()
              ? Optional.of(selector(path + ".dataset", message.getDataset(), violations))
              : Optional.empty();
      if (field.isEmpty()) {
        continue;
      }
      if (dataset.isPresent() && !(field.get() instanceof LoggedModelField.Metric)) {
        violations.add(path + ".dataset", "goes with metrics only");
      }
      if (!places.add(new LoggedModelOrder(field.get(), false, dataset))) {
        violations.add(path + ".field", "orders by a field that came before");
      }
      order.add(new LoggedModelOrder(field.get(), message.getDescending(), dataset));
    }
    return order;
  }

  /**
   * Reads the name of a field: {@code entity.key}, split at the first dot, or a bare attribute. It
   * stands alone, so that a key needs no quotes whatever is in it; it may have them.
   */
  private static LoggedModelField field(String text) {
    if (text.isEmpty()) {
      throw InvalidValueException.missing();
    }
    int dot = text.indexOf('.');
    Identifier identifier =
        dot < 0
            ? new Identifier(Optional.empty(), text)
            : new Identifier(
                Optional.of(text.substring(0, dot)), unquoted(text.substring(dot + 1)));
    if (identifier.key().indexOf('\0') >= 0) {
      throw new IllegalArgumentException("must not contain the character NUL");
    }
    LoggedModelField field = RULES.field(identifier);
    if (!RULES.orderable(field)) {
      throw new IllegalArgumentException("is neither an attribute nor a metric");
    }
    return field;
  }

  private static String unquoted(String key) {
    boolean quoted =
        key.length() >= 2
            && (key.charAt(0) == '`' || key.charAt(0) == '"')
            && key.charAt(key.length() - 1) == key.charAt(0);
    return quoted ? key.substring(1, key.length() - 1) : key;
  }
}
