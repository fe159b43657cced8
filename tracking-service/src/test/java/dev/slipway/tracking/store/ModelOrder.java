package dev.slipway.tracking.store;

import dev.slipway.tracking.dataset.DatasetSelector;
import dev.slipway.tracking.model.LoggedModel;
import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.model.ModelMetric;
import dev.slipway.tracking.search.LoggedModelField;
import dev.slipway.tracking.search.LoggedModelField.Attribute;
import dev.slipway.tracking.search.LoggedModelOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Supplier;

/** Makes random orders of logged models together with what they mean. */
final class ModelOrder {
  private static final Comparator<String> BY_CODE_POINT =
      (a, b) -> Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());

  /** Is an order and what it means. */
  record Sample(List<LoggedModelOrder> terms, Comparator<LoggedModel> meaning) {}

  private ModelOrder() {}

  /**
   * Returns an order of at most three terms.
   *
   * @param datasets for each metric gives the dataset whose values count, if only one's do
   */
  static Sample next(Random random, Supplier<Optional<DatasetSelector>> datasets) {
    List<LoggedModelField> fields = new ArrayList<>(List.of(Attribute.values()));
    fields.addAll(RandomFilters.KEYS.stream().map(LoggedModelField.Metric::new).toList());
    Collections.shuffle(fields, random);
    List<LoggedModelOrder> terms = new ArrayList<>();
    List<Comparator<LoggedModel>> meanings = new ArrayList<>();
    for (LoggedModelField field : fields.subList(0, random.nextInt(4))) {
      LoggedModelOrder term =
          new LoggedModelOrder(
              field,
              random.nextBoolean(),
              field instanceof LoggedModelField.Metric ? datasets.get() : Optional.empty());
      terms.add(term);
      meanings.add(meaning(term));
    }
    if (terms.stream().noneMatch(term -> term.field() == Attribute.CREATION_TIMESTAMP)) {
      meanings.add(
          meaning(new LoggedModelOrder(Attribute.CREATION_TIMESTAMP, true, Optional.empty())));
    }
    meanings.add(Comparator.comparing(model -> model.info().id().toString()));
    return new Sample(
        List.copyOf(terms), meanings.stream().reduce(Comparator::thenComparing).orElseThrow());
  }

  private static Comparator<LoggedModel> meaning(LoggedModelOrder term) {
    boolean descending = term.descending();
    if (term.field() instanceof LoggedModelField.Metric metric) {
      return metric(metric.key(), term);
    }
    return switch ((Attribute) term.field()) {
      case NAME -> texts(info -> Optional.of(info.name()), descending);
      case MODEL_ID -> texts(info -> Optional.of(info.id().toString()), descending);
      case EXPERIMENT_ID ->
          missingLast(model -> Optional.of(model.info().experimentId().number()), descending);
      case MODEL_TYPE -> texts(info -> Optional.of(info.modelType()), descending);
      case SOURCE_RUN_ID -> texts(info -> info.sourceRun().map(Object::toString), descending);
      case STATUS -> texts(info -> Optional.of(info.status().name()), descending);
      case CREATION_TIMESTAMP ->
          missingLast(model -> Optional.of(model.info().createTime()), descending);
      case LAST_UPDATED_TIMESTAMP ->
          missingLast(model -> Optional.of(model.info().updateTime()), descending);
    };
  }

  private static Comparator<LoggedModel> metric(String key, LoggedModelOrder term) {
    Function<LoggedModel, Optional<Double>> latest =
        model ->
            RandomModelFilters.measured(model, key, term.dataset().stream().toList())
                .map(ModelMetric::point)
                .max(Comparator.comparing(point -> point.timestampMillis()))
                .map(point -> point.value());
    Comparator<LoggedModel> nanLast =
        Comparator.comparing(model -> latest.apply(model).map(v -> v.isNaN() ? 1 : 0).orElse(2));
    return nanLast.thenComparing(
        missingLast(
            model -> latest.apply(model).filter(value -> !value.isNaN()), term.descending()));
  }

  private static Comparator<LoggedModel> texts(
      Function<LoggedModelInfo, Optional<String>> text, boolean descending) {
    return missingLast(model -> text.apply(model.info()), BY_CODE_POINT, descending);
  }

  private static <T extends Comparable<? super T>> Comparator<LoggedModel> missingLast(
      Function<LoggedModel, Optional<T>> value, boolean descending) {
    return missingLast(value, Comparator.naturalOrder(), descending);
  }

  private static <T> Comparator<LoggedModel> missingLast(
      Function<LoggedModel, Optional<T>> value, Comparator<T> order, boolean descending) {
    Comparator<T> directed = descending ? order.reversed() : order;
    return (a, b) -> {
      Optional<T> left = value.apply(a);
      Optional<T> right = value.apply(b);
      if (left.isEmpty() || right.isEmpty()) {
        return Boolean.compare(left.isEmpty(), right.isEmpty());
      }
      return directed.compare(left.get(), right.get());
    };
  }
}
