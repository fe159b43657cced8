package dev.slipway.registry.search;

import dev.slipway.registry.search.VersionField.Attribute;
import dev.slipway.runtime.search.FieldRules;
import dev.slipway.runtime.search.FieldType;
import dev.slipway.runtime.search.Identifier;

/** Knows the fields of versions. */
public final class VersionFieldRules implements FieldRules<VersionField> {
  @Override
  public VersionField field(Identifier identifier) {
    return Entities.isTag(identifier, "versions")
        ? new VersionField.Tag(identifier.key())
        : attribute(identifier);
  }

  private static Attribute attribute(Identifier identifier) {
    return switch (identifier.key()) {
      case "name" -> Attribute.NAME;
      case "run_id" -> Attribute.RUN_ID;
      case "source_path" -> Attribute.SOURCE_PATH;
      case "version_number" -> Attribute.VERSION_NUMBER;
      case "creation_timestamp" -> Attribute.CREATION_TIMESTAMP;
      case "last_updated_timestamp" -> Attribute.LAST_UPDATED_TIMESTAMP;
      default ->
          throw identifier.unknownAttribute(
              "versions; there are name, run_id, source_path and"
                  + " version_number, and creation_timestamp and last_updated_timestamp to order"
                  + " by; tags are written tags.<key>");
    };
  }

  @Override
  public FieldType type(VersionField field) {
    return field == Attribute.VERSION_NUMBER ? FieldType.WHOLE_NUMBER : FieldType.TEXT;
  }

  @Override
  public boolean filterable(VersionField field) {
    return field != Attribute.CREATION_TIMESTAMP && field != Attribute.LAST_UPDATED_TIMESTAMP;
  }

  @Override
  public boolean takesList(VersionField field) {
    return field == Attribute.RUN_ID;
  }

  @Override
  public boolean mayBeMissing(VersionField field) {
    return false;
  }

  @Override
  public boolean orderable(VersionField field) {
    return field instanceof Attribute attribute
        && attribute != Attribute.RUN_ID
        && attribute != Attribute.SOURCE_PATH;
  }

  @Override
  public String examples() {
    return "name = 'digits', version_number > 3 or tags.team = 'vision'";
  }
}
