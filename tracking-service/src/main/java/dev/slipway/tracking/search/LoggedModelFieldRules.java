package dev.slipway.tracking.search;

import dev.slipway.runtime.search.FieldRules;
import dev.slipway.runtime.search.FieldType;
import dev.slipway.runtime.search.Identifier;
import dev.slipway.tracking.search.LoggedModelField.Attribute;
import java.util.Locale;
import java.util.Map;

/** Knows the fields of logged models. */
public final class LoggedModelFieldRules implements FieldRules<LoggedModelField> {
  private static final Map<String, Attribute> ATTRIBUTES =
      Map.ofEntries(
          Map.entry("name", Attribute.NAME),
          Map.entry("model_id", Attribute.MODEL_ID),
          Map.entry("experiment_id", Attribute.EXPERIMENT_ID),
          Map.entry("model_type", Attribute.MODEL_TYPE),
          Map.entry("source_run_id", Attribute.SOURCE_RUN_ID),
          Map.entry("status", Attribute.STATUS),
          Map.entry("creation_timestamp", Attribute.CREATION_TIMESTAMP),
          Map.entry("creation_timestamp_ms", Attribute.CREATION_TIMESTAMP),
          Map.entry("creation_time", Attribute.CREATION_TIMESTAMP),
          Map.entry("last_updated_timestamp", Attribute.LAST_UPDATED_TIMESTAMP),
          Map.entry("last_updated_timestamp_ms", Attribute.LAST_UPDATED_TIMESTAMP),
          Map.entry("last_updated_time", Attribute.LAST_UPDATED_TIMESTAMP));

  @Override
  public LoggedModelField field(Identifier identifier) {
    String entity = identifier.entity().orElse("attribute").toLowerCase(Locale.ROOT);
    return switch (entity) {
      case "metric", "metrics" -> new LoggedModelField.Metric(identifier.key());
      case "param", "params", "parameter", "parameters" ->
          new LoggedModelField.Param(identifier.key());
      case "tag", "tags" -> new LoggedModelField.Tag(identifier.key());
      case "attribute", "attributes", "attr" -> attribute(identifier);
      default ->
          throw identifier.unknownEntity(
              "logged models; there are metrics, params, tags and attributes");
    };
  }

  private static Attribute attribute(Identifier identifier) {
    Attribute attribute = ATTRIBUTES.get(identifier.key());
    if (attribute == null) {
      throw identifier.unknownAttribute(
          "logged models; there are name, model_id, experiment_id,"
              + " model_type, source_run_id, status, creation_timestamp and"
              + " last_updated_timestamp; keys of metrics, params and tags need their entity"
              + " before a dot");
    }
    return attribute;
  }

  @Override
  public FieldType type(LoggedModelField field) {
    if (field instanceof Attribute attribute) {
      return attribute.type();
    }
    if (field instanceof LoggedModelField.Metric) {
      return FieldType.NUMBER;
    }
    return field instanceof LoggedModelField.Param ? FieldType.TEXT_OR_NUMBER : FieldType.TEXT;
  }

  @Override
  public boolean mayBeMissing(LoggedModelField field) {
    return field instanceof LoggedModelField.Param || field instanceof LoggedModelField.Tag;
  }

  @Override
  public boolean orderable(LoggedModelField field) {
    return field instanceof Attribute || field instanceof LoggedModelField.Metric;
  }

  @Override
  public String examples() {
    return "metrics.loss < 0.5 or name LIKE 'digits%'";
  }
}
