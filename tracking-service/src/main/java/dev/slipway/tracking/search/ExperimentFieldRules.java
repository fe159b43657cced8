package dev.slipway.tracking.search;

import dev.slipway.runtime.search.FieldRules;
import dev.slipway.runtime.search.FieldType;
import dev.slipway.runtime.search.Identifier;
import dev.slipway.tracking.search.ExperimentField.Attribute;
import java.util.Locale;

/** Knows the fields of experiments. */
public final class ExperimentFieldRules implements FieldRules<ExperimentField> {
  @Override
  public ExperimentField field(Identifier identifier) {
    String entity = identifier.entity().orElse("attribute").toLowerCase(Locale.ROOT);
    return switch (entity) {
      case "tag", "tags" -> new ExperimentField.Tag(identifier.key());
      case "attribute", "attributes", "attr" -> attribute(identifier);
      default -> throw identifier.unknownEntity("experiments; there are tags and attributes");
    };
  }

  private static Attribute attribute(Identifier identifier) {
    return switch (identifier.key()) {
      case "name" -> Attribute.NAME;
      case "experiment_id" -> Attribute.EXPERIMENT_ID;
      case "creation_time" -> Attribute.CREATION_TIME;
      case "last_update_time" -> Attribute.LAST_UPDATE_TIME;
      default ->
          throw identifier.unknownAttribute(
              "experiments; there are name, creation_time and"
                  + " last_update_time, and experiment_id to order by");
    };
  }

  @Override
  public FieldType type(ExperimentField field) {
    return field instanceof ExperimentField.Tag || field == Attribute.NAME
        ? FieldType.TEXT
        : FieldType.NUMBER;
  }

  @Override
  public boolean filterable(ExperimentField field) {
    return field != Attribute.EXPERIMENT_ID;
  }

  @Override
  public boolean mayBeMissing(ExperimentField field) {
    return field instanceof ExperimentField.Tag;
  }

  @Override
  public boolean orderable(ExperimentField field) {
    return field instanceof Attribute;
  }

  @Override
  public String examples() {
    return "name LIKE 'digits%' or tags.\"my key\" = 'text'";
  }
}
