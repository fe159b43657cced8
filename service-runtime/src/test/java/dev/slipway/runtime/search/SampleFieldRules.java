package dev.slipway.runtime.search;

import dev.slipway.runtime.search.SampleField.Attribute;
import java.util.Locale;

/** Knows the fields of the objects that tests search. */
public final class SampleFieldRules implements FieldRules<SampleField> {
  @Override
  public SampleField field(Identifier identifier) {
    String entity = identifier.entity().orElse("attributes").toLowerCase(Locale.ROOT);
    return switch (entity) {
      case "metrics" -> new SampleField.Metric(identifier.key());
      case "params", "param", "parameters" -> new SampleField.Param(identifier.key());
      case "tags" -> new SampleField.Tag(identifier.key());
      case "attributes" -> attribute(identifier);
      default -> throw identifier.unknownEntity("samples");
    };
  }

  private static Attribute attribute(Identifier identifier) {
    return switch (identifier.key()) {
      case "run_name" -> Attribute.RUN_NAME;
      case "start_time" -> Attribute.START_TIME;
      case "size" -> Attribute.SIZE;
      case "position" -> Attribute.POSITION;
      default -> throw identifier.unknownAttribute("samples");
    };
  }

  @Override
  public FieldType type(SampleField field) {
    if (field instanceof SampleField.Param) {
      return FieldType.TEXT_OR_NUMBER;
    }
    if (field instanceof SampleField.Tag || field == Attribute.RUN_NAME) {
      return FieldType.TEXT;
    }
    return field == Attribute.SIZE || field == Attribute.POSITION
        ? FieldType.WHOLE_NUMBER
        : FieldType.NUMBER;
  }

  @Override
  public boolean filterable(SampleField field) {
    return field != Attribute.POSITION;
  }

  @Override
  public boolean mayBeMissing(SampleField field) {
    return field instanceof SampleField.Param || field instanceof SampleField.Tag;
  }

  @Override
  public boolean orderable(SampleField field) {
    return true;
  }

  @Override
  public String examples() {
    return "metrics.loss < 0.5 or params.\"my key\" = 'text'";
  }
}
