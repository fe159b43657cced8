package dev.slipway.registry.store;

import dev.slipway.registry.search.ModelField;
import dev.slipway.registry.search.ModelField.Attribute;
import dev.slipway.registry.search.RegistrySearch;
import dev.slipway.runtime.database.Dialect;
import dev.slipway.runtime.search.Operator;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.sql.FieldSql;
import dev.slipway.runtime.search.sql.FilterSql;
import dev.slipway.runtime.search.sql.KeyedRows;
import dev.slipway.runtime.search.sql.KeysetQuery;
import dev.slipway.runtime.search.sql.SortKey;
import dev.slipway.runtime.search.sql.SqlText;
import java.util.ArrayList;
import java.util.List;

/** Writes searches over {@code registered_model m}. */
final class ModelFieldSql implements FieldSql<ModelField> {
  private static final String COLUMNS =
      """
      m.model_id, m.name, m.description, m.deployment_job_id, m.last_version, m.created_at, m.created_by,
      m.updated_at, m.updated_by, m.revision
      """;
  private static final KeyedRows TAGS =
      new KeyedRows(
          "registered_model_tag", "x.model_id = m.model_id AND x.tag_key = ?", "x.tag_value");

  private final Dialect dialect;

  ModelFieldSql(Dialect dialect) {
    this.dialect = dialect;
  }

  /** Returns the query of a search, whose rows are {@link RegisteredModelRow}s. */
  KeysetQuery query(RegistrySearch<ModelField> search) {
    SqlText fromWhere = new SqlText().sql("FROM registered_model m WHERE TRUE");
    search.filter().ifPresent(f -> FilterSql.append(fromWhere.sql(" AND "), f, this));
    return new KeysetQuery(COLUMNS, fromWhere, sortKeys(search.order()));
  }

  private List<SortKey> sortKeys(List<OrderBy<ModelField>> order) {
    List<SortKey> keys = new ArrayList<>();
    boolean byName = false;
    for (OrderBy<ModelField> term : order) {
      byName |= term.field() == Attribute.NAME;
      keys.add(sortKey((Attribute) term.field(), term.descending()));
    }
    if (!byName) {
      keys.add(sortKey(Attribute.NAME, false));
    }
    return keys;
  }

  private SortKey sortKey(Attribute attribute, boolean descending) {
    return switch (attribute) {
      case NAME -> SortKey.text(dialect, new SqlText().sql("m.name"), descending);
      case LAST_UPDATED_TIMESTAMP -> SortKey.time(new SqlText().sql("m.updated_at"), descending);
    };
  }

  @Override
  public void compareText(SqlText out, ModelField field, Operator operator, String text) {
    if (field instanceof ModelField.Tag tag) {
      RegistryTags.compare(out, TAGS, tag.key(), operator, text);
    } else {
      FilterSql.compareText(out, "m.name", operator, text);
    }
  }

  @Override
  public void compareNumber(SqlText out, ModelField field, Operator operator, double number) {
    throw new IllegalStateException("not a number: " + field);
  }

  @Override
  public void membership(SqlText out, ModelField field, boolean negated, List<String> texts) {
    throw new IllegalStateException("not looked up in lists: " + field);
  }

  @Override
  public void presence(SqlText out, ModelField field, boolean negated) {
    throw new IllegalStateException("takes no IS NULL: " + field);
  }
}
