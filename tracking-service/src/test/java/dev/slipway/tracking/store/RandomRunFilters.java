package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.Run;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Makes random filters of runs. */
final class RandomRunFilters extends RandomFilters<Run> {
  private static final List<String> STATUSES = List.of("RUNNING", "FINISHED", "FAILED", "x");

  private final List<Run> runs;

  /**
   * Creates the source of filters.
   *
   * @param runs runs whose ids and times filters ask for
   */
  RandomRunFilters(Random random, List<Run> runs) {
    super(random);
    this.runs = runs;
  }

  @Override
  Sample<Run> clause() {
    return switch (random.nextInt(8)) {
      case 0, 1 -> metric();
      case 2 -> keyed("params", RandomRunFilters::param);
      case 3 -> keyed("tags", RandomRunFilters::tag);
      case 4 -> paramAsNumber(RandomRunFilters::param);
      case 5 ->
          random.nextBoolean()
              ? time("attributes.start_time", run -> Optional.of(run.info().startTime()), runs)
              : time("end_time", run -> run.info().endTime(), runs);
      default -> attribute();
    };
  }

  private Sample<Run> metric() {
    String key = pick(KEYS);
    String operator = pick(COMPARISONS);
    double number = pick(NUMBERS);
    return new Sample<>(
        "metrics." + quotedKey(key) + " " + operator + " " + number(number),
        run -> metric(run, key).filter(value -> compare(value, operator, number)).isPresent());
  }

  private Sample<Run> attribute() {
    return switch (random.nextInt(5)) {
      case 0 -> text("run_name", run -> Optional.of(run.info().name()), TEXTS);
      case 1 -> text("attribute.user_id", run -> Optional.of(run.info().userId()), TEXTS);
      case 2 -> text("status", run -> Optional.of(run.info().status().name()), STATUSES);
      case 3 ->
          text(
              "run.artifact_uri",
              run -> Optional.of(run.info().artifactUri()),
              runs.stream().limit(5).map(run -> run.info().artifactUri()).toList());
      default ->
          text(
              "run_id",
              run -> Optional.of(run.info().id().toString()),
              runs.stream().limit(5).map(run -> run.info().id().toString()).toList());
    };
  }

  static Optional<Double> metric(Run run, String key) {
    return run.metrics().stream()
        .filter(metric -> metric.key().equals(key))
        .map(LatestMetric::point)
        .map(point -> point.value())
        .findFirst();
  }

  static Optional<String> param(Run run, String key) {
    return run.params().stream()
        .filter(param -> param.key().equals(key))
        .map(Param::value)
        .findFirst();
  }

  static Optional<String> tag(Run run, String key) {
    return run.tags().stream().filter(tag -> tag.key().equals(key)).map(Tag::value).findFirst();
  }
}
