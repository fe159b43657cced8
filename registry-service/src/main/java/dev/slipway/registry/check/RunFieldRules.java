package dev.slipway.registry.check;

import dev.slipway.runtime.search.FieldRules;
import dev.slipway.runtime.search.FieldType;
import dev.slipway.runtime.search.Identifier;
import java.util.Locale;

/** Knows the fields of runs that checks may ask for; they mean what they mean in SearchRuns. */
final class RunFieldRules implements FieldRules<RunField> {
  @Override
  public RunField field(Identifier identifier) {
    if (identifier.key().isEmpty()) {
      throw new IllegalArgumentException("has an empty key");
    }
    return switch (identifier.entity().orElse("").toLowerCase(Locale.ROOT)) {
      case "metric", "metrics" -> new RunField.Metric(identifier.key());
      case "param", "params", "parameter", "parameters" -> new RunField.Param(identifier.key());
      case "tag", "tags" -> new RunField.Tag(identifier.key());
      default ->
          throw new IllegalArgumentException("checks compare metrics, params and tags of a run");
    };
  }

  @Override
  public FieldType type(RunField field) {
    if (field instanceof RunField.Metric) {
      return FieldType.NUMBER;
    }
    return field instanceof RunField.Param ? FieldType.TEXT_OR_NUMBER : FieldType.TEXT;
  }

  @Override
  public boolean mayBeMissing(RunField field) {
    return !(field instanceof RunField.Metric);
  }

  @Override
  public boolean orderable(RunField field) {
    return false;
  }

  @Override
  public String examples() {
    return "metrics.val_accuracy >= 0.95 or params.\"my key\" = 'text'";
  }
}
