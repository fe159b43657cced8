package dev.slipway.registry.search;

import dev.slipway.registry.search.ModelField.Attribute;
import dev.slipway.runtime.search.FieldRules;
import dev.slipway.runtime.search.FieldType;
import dev.slipway.runtime.search.Identifier;

/** Knows the fields of registered models. */
public final class ModelFieldRules implements FieldRules<ModelField> {
  @Override
  public ModelField field(Identifier identifier) {
    return Entities.isTag(identifier, "models")
        ? new ModelField.Tag(identifier.key())
        : attribute(identifier);
  }

  private static Attribute attribute(Identifier identifier) {
    return switch (identifier.key()) {
      case "name" -> Attribute.NAME;
      case "timestamp", "last_updated_timestamp" -> Attribute.LAST_UPDATED_TIMESTAMP;
      default ->
          throw identifier.unknownAttribute(
              "models; there is name, and last_updated_timestamp to order by; tags are written"
                  + " tags.<key>");
    };
  }

  @Override
  public FieldType type(ModelField field) {
    return FieldType.TEXT;
  }

  @Override
  public boolean filterable(ModelField field) {
    return field != Attribute.LAST_UPDATED_TIMESTAMP;
  }

  @Override
  public boolean takesList(ModelField field) {
    return false;
  }

  @Override
  public boolean mayBeMissing(ModelField field) {
    return false;
  }

  @Override
  public boolean orderable(ModelField field) {
    return field instanceof Attribute;
  }

  @Override
  public String examples() {
    return "name LIKE 'digits%' or tags.team = 'vision'";
  }
}
