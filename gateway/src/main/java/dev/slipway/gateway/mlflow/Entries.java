package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.ViewType;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.OptionalDouble;

/** Reads what many requests of tracking share: run ids, tags, params, metrics, pages. */
final class Entries {
  /** MLflow cuts longer values of params off, where the service refuses them. */
  private static final int MAX_PARAM_VALUE_CHARS = 6_000;

  private static final int MAX_RUN_TAG_VALUE_CHARS = 8_000;
  private static final int MAX_PAGE = 50_000;

  private Entries() {}

  /** Returns the run that a request is about, by its present or its old field name. */
  static String runId(Fields request) {
    String id = request.text("run_id");
    return id.isEmpty() ? request.text("run_uuid") : id;
  }

  static List<Tag> runTags(Fields request) {
    return request.objects("tags").stream().map(Entries::runTag).toList();
  }

  static Tag runTag(Fields entry) {
    return tag(entry, MAX_RUN_TAG_VALUE_CHARS);
  }

  static List<Tag> tags(Fields request) {
    return request.objects("tags").stream().map(Entries::wholeTag).toList();
  }

  static Tag wholeTag(Fields entry) {
    return tag(entry, Integer.MAX_VALUE);
  }

  private static Tag tag(Fields entry, int maxValueChars) {
    return Tag.newBuilder()
        .setKey(entry.text("key"))
        .setValue(cut(entry.text("value"), maxValueChars))
        .build();
  }

  static List<Param> params(Fields request) {
    return request.objects("params").stream().map(Entries::param).toList();
  }

  static Param param(Fields entry) {
    return Param.newBuilder()
        .setKey(entry.text("key"))
        .setValue(cut(entry.text("value"), MAX_PARAM_VALUE_CHARS))
        .build();
  }

  static List<Metric> metrics(Fields request) {
    return request.objects("metrics").stream().map(Entries::metric).toList();
  }

  static Metric metric(Fields entry) {
    Metric.Builder metric =
        Metric.newBuilder()
            .setKey(entry.text("key"))
            .setTimestampMs(entry.requiredLong("timestamp"))
            .setStep(entry.findLong("step").orElse(0))
            .setModelId(entry.text("model_id"))
            .setDatasetName(entry.text("dataset_name"))
            .setDatasetDigest(entry.text("dataset_digest"));
    OptionalDouble value = entry.findDouble("value");
    value.ifPresent(metric::setValue);
    return metric.build();
  }

  static ViewType viewType(Fields request, String name) {
    return request
        .findEnum(name, ViewType.class, "VIEW_TYPE_", ViewType::forNumber)
        .orElse(ViewType.VIEW_TYPE_ACTIVE_ONLY);
  }

  /** Returns the size of a page; MLflow refuses what is out of range, where the service clamps. */
  static int maxResults(Fields request, int defaultSize) {
    return request.findInt("max_results", 1, MAX_PAGE).orElse(defaultSize);
  }

  /** Returns the failure to throw when a tag could not be removed. */
  static RuntimeException tagNotFound(
      StatusRuntimeException failure, String key, String owner, String id) {
    return Outcome.of(failure).reason().equals("TAG_NOT_FOUND")
        ? MlflowException.absent("No tag with name: " + key + " in " + owner + " with id " + id)
        : failure;
  }

  private static String cut(String text, int maxChars) {
    return text.length() <= maxChars || text.codePointCount(0, text.length()) <= maxChars
        ? text
        : text.substring(0, text.offsetByCodePoints(0, maxChars));
  }
}
