package dev.slipway.tracking.store;

import dev.slipway.tracking.dataset.DatasetSelector;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.model.LoggedModel;
import dev.slipway.tracking.model.ModelMetric;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/** Makes random filters of logged models. */
final class RandomModelFilters extends RandomFilters<LoggedModel> {
  private static final List<String> STATUSES = List.of("PENDING", "READY", "UPLOAD_FAILED", "x");

  private final List<LoggedModel> models;
  private final List<DatasetSelector> datasets;

  /** Whether a filter asked for a metric. */
  private boolean askedForMetric;

  /**
   * Creates the source of filters.
   *
   * @param models models whose ids and times filters ask for
   * @param datasets the only ones on which metrics count, when there are any
   */
  RandomModelFilters(Random random, List<LoggedModel> models, List<DatasetSelector> datasets) {
    super(random);
    this.models = models;
    this.datasets = datasets;
  }

  @Override
  Sample<LoggedModel> clause() {
    return switch (random.nextInt(8)) {
      case 0, 1 -> metric();
      case 2 -> keyed("params", RandomModelFilters::param);
      case 3 -> keyed("tags", RandomModelFilters::tag);
      case 4 -> paramAsNumber(RandomModelFilters::param);
      case 5 ->
          random.nextBoolean()
              ? time("creation_timestamp", model -> Optional.of(model.info().createTime()), models)
              : time(
                  "attributes.last_updated_time",
                  model -> Optional.of(model.info().updateTime()),
                  models);
      default -> attribute();
    };
  }

  private Sample<LoggedModel> metric() {
    askedForMetric = true;
    String key = pick(KEYS);
    String operator = pick(COMPARISONS);
    double number = pick(NUMBERS);
    return new Sample<>(
        "metrics." + quotedKey(key) + " " + operator + " " + number(number),
        model ->
            measured(model, key, datasets)
                .anyMatch(metric -> compare(metric.point().value(), operator, number)));
  }

  private Sample<LoggedModel> attribute() {
    List<LoggedModel> some = models.stream().limit(5).toList();
    return switch (random.nextInt(6)) {
      case 0 -> text("name", model -> Optional.of(model.info().name()), TEXTS);
      case 1 -> text("attribute.model_type", model -> Optional.of(model.info().modelType()), TEXTS);
      case 2 -> text("status", model -> Optional.of(model.info().status().name()), STATUSES);
      case 3 ->
          text(
              "source_run_id",
              model -> model.info().sourceRun().map(Object::toString),
              some.stream()
                  .flatMap(model -> model.info().sourceRun().stream())
                  .map(Object::toString)
                  .toList());
      case 4 ->
          text(
              "experiment_id",
              model -> Optional.of(model.info().experimentId().toString()),
              some.stream().map(model -> model.info().experimentId().toString()).toList());
      default ->
          text(
              "attr.model_id",
              model -> Optional.of(model.info().id().toString()),
              some.stream().map(model -> model.info().id().toString()).toList());
    };
  }

  /** Returns whether any filter so far asked for a metric. */
  boolean askedForMetric() {
    return askedForMetric;
  }

  /** Returns the values of a metric on some datasets, on any when there are none. */
  static Stream<ModelMetric> measured(
      LoggedModel model, String key, List<DatasetSelector> datasets) {
    return model.metrics().stream()
        .filter(metric -> metric.key().equals(key) && isOn(metric, datasets));
  }

  /** Returns whether a value was measured on one of some datasets; true when there are none. */
  static boolean isOn(ModelMetric metric, List<DatasetSelector> datasets) {
    return datasets.isEmpty()
        || datasets.stream()
            .anyMatch(
                dataset ->
                    dataset.name().equals(metric.datasetName())
                        && dataset.digest().map(metric.datasetDigest()::equals).orElse(true));
  }

  static Optional<String> param(LoggedModel model, String key) {
    return model.params().stream()
        .filter(param -> param.key().equals(key))
        .map(Param::value)
        .findFirst();
  }

  static Optional<String> tag(LoggedModel model, String key) {
    return model.tags().stream().filter(tag -> tag.key().equals(key)).map(Tag::value).findFirst();
  }
}
