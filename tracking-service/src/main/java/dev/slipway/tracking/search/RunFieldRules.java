package dev.slipway.tracking.search;

import dev.slipway.runtime.search.FieldRules;
import dev.slipway.runtime.search.FieldType;
import dev.slipway.runtime.search.Identifier;
import dev.slipway.tracking.search.RunField.Attribute;
import java.util.Locale;
import java.util.Map;

/** Knows the fields of runs. */
public final class RunFieldRules implements FieldRules<RunField> {
  private static final Map<String, Attribute> ATTRIBUTES =
      Map.ofEntries(
          Map.entry("run_id", Attribute.RUN_ID),
          Map.entry("run_name", Attribute.RUN_NAME),
          Map.entry("run name", Attribute.RUN_NAME),
          Map.entry("Run name", Attribute.RUN_NAME),
          Map.entry("Run Name", Attribute.RUN_NAME),
          Map.entry("status", Attribute.STATUS),
          Map.entry("user_id", Attribute.USER_ID),
          Map.entry("artifact_uri", Attribute.ARTIFACT_URI),
          Map.entry("start_time", Attribute.START_TIME),
          Map.entry("created", Attribute.START_TIME),
          Map.entry("Created", Attribute.START_TIME),
          Map.entry("end_time", Attribute.END_TIME));

  @Override
  public RunField field(Identifier identifier) {
    String entity = identifier.entity().orElse("attribute").toLowerCase(Locale.ROOT);
    return switch (entity) {
      case "metric", "metrics" -> new RunField.Metric(identifier.key());
      case "param", "params", "parameter", "parameters" -> new RunField.Param(identifier.key());
      case "tag", "tags" -> new RunField.Tag(identifier.key());
      case "dataset", "datasets" -> dataset(identifier.key());
      case "attribute", "attributes", "attr", "run" -> attribute(identifier);
      default ->
          throw identifier.unknownEntity(
              "runs; there are metrics, params, tags, datasets and attributes");
    };
  }

  private static RunField.Dataset dataset(String key) {
    return switch (key) {
      case "name" -> RunField.Dataset.NAME;
      case "digest" -> RunField.Dataset.DIGEST;
      case "context" -> RunField.Dataset.CONTEXT;
      default ->
          throw new IllegalArgumentException(
              "'" + key + "' is nothing of datasets; there are name, digest and context");
    };
  }

  private static Attribute attribute(Identifier identifier) {
    Attribute attribute = ATTRIBUTES.get(identifier.key());
    if (attribute == null) {
      throw identifier.unknownAttribute(
          "runs; there are run_id, run_name, status, user_id, artifact_uri, start_time and"
              + " end_time; keys of metrics, params and tags need their entity before a dot");
    }
    return attribute;
  }

  @Override
  public FieldType type(RunField field) {
    if (field instanceof Attribute attribute) {
      return attribute.type();
    }
    if (field instanceof RunField.Metric) {
      return FieldType.NUMBER;
    }
    return field instanceof RunField.Param ? FieldType.TEXT_OR_NUMBER : FieldType.TEXT;
  }

  @Override
  public boolean mayBeMissing(RunField field) {
    return field instanceof RunField.Param || field instanceof RunField.Tag;
  }

  @Override
  public boolean orderable(RunField field) {
    return !(field instanceof RunField.Dataset);
  }

  @Override
  public String examples() {
    return "metrics.loss < 0.5 or params.\"my key\" = 'text'";
  }
}
