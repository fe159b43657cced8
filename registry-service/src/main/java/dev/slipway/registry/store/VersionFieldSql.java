package dev.slipway.registry.store;

import dev.slipway.registry.search.RegistrySearch;
import dev.slipway.registry.search.VersionField;
import dev.slipway.registry.search.VersionField.Attribute;
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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Writes searches over {@code model_version v} and its {@code registered_model m}. */
final class VersionFieldSql implements FieldSql<VersionField> {
  private static final KeyedRows TAGS =
      new KeyedRows(
          "model_version_tag",
          "x.model_id = v.model_id AND x.version = v.version AND x.tag_key = ?",
          "x.tag_value");

  private final Dialect dialect;

  VersionFieldSql(Dialect dialect) {
    this.dialect = dialect;
  }

  /** Returns the query of a search, whose rows are {@link ModelVersionRow}s. */
  KeysetQuery query(RegistrySearch<VersionField> search) {
    SqlText fromWhere = new SqlText().sql(ModelVersionDao.FROM + " WHERE TRUE");
    search.filter().ifPresent(f -> FilterSql.append(fromWhere.sql(" AND "), f, this));
    return new KeysetQuery(ModelVersionDao.COLUMNS, fromWhere, sortKeys(search.order()));
  }

  private List<SortKey> sortKeys(List<OrderBy<VersionField>> order) {
    List<SortKey> keys = new ArrayList<>();
    Set<Attribute> given = EnumSet.noneOf(Attribute.class);
    for (OrderBy<VersionField> term : order) {
      given.add((Attribute) term.field());
      keys.add(sortKey((Attribute) term.field(), term.descending()));
    }
    if (order.isEmpty()) {
      keys.add(sortKey(Attribute.LAST_UPDATED_TIMESTAMP, true));
    }
    if (!given.contains(Attribute.NAME)) {
      keys.add(sortKey(Attribute.NAME, false));
    }
    if (!given.contains(Attribute.VERSION_NUMBER)) {
      keys.add(sortKey(Attribute.VERSION_NUMBER, true));
    }
    return keys;
  }

  private SortKey sortKey(Attribute attribute, boolean descending) {
    return switch (attribute) {
      case NAME -> SortKey.text(dialect, new SqlText().sql("m.name"), descending);
      case VERSION_NUMBER -> SortKey.integer(new SqlText().sql("v.version"), descending);
      case CREATION_TIMESTAMP -> SortKey.time(new SqlText().sql("v.created_at"), descending);
      case LAST_UPDATED_TIMESTAMP -> SortKey.time(new SqlText().sql("v.updated_at"), descending);
      case RUN_ID, SOURCE_PATH -> throw new IllegalStateException("no order: " + attribute);
    };
  }

  @Override
  public void compareText(SqlText out, VersionField field, Operator operator, String text) {
    if (field instanceof VersionField.Tag tag) {
      RegistryTags.compare(out, TAGS, tag.key(), operator, text);
    } else if (field == Attribute.RUN_ID) {
      FilterSql.compareText(hasRun(out), "v.run_id", operator, text);
      out.sql(")");
    } else {
      FilterSql.compareText(out, field == Attribute.NAME ? "m.name" : "v.source", operator, text);
    }
  }

  @Override
  public void compareNumber(SqlText out, VersionField field, Operator operator, double number) {
    out.sql("v.version " + FilterSql.symbol(operator) + " ?", (long) number);
  }

  @Override
  public void membership(SqlText out, VersionField field, boolean negated, List<String> texts) {
    FilterSql.inList(hasRun(out), "v.run_id", negated, texts);
    out.sql(")");
  }

  @Override
  public void presence(SqlText out, VersionField field, boolean negated) {
    throw new IllegalStateException("takes no IS NULL: " + field);
  }

  /** A version without a run has an empty text there, and matches no comparison. */
  private static SqlText hasRun(SqlText out) {
    return out.sql("(v.run_id <> '' AND ");
  }
}
