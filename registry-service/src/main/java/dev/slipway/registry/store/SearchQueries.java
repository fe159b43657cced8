package dev.slipway.registry.store;

import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.search.Attribute;
import dev.slipway.registry.search.Condition;
import dev.slipway.registry.search.RegistrySearch;
import dev.slipway.registry.search.RegistrySearch.Column;
import dev.slipway.registry.search.RegistrySearch.SortKey;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.runtime.paging.PageRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;

/**
 * Turns a search into SQL. Every value is bound; what is put into the text comes from constants of
 * this class alone. One instance per query.
 */
final class SearchQueries {
  private static final String MODELS =
      """
      SELECT m.model_id, m.name, m.description, m.deployment_job_id, m.last_version, m.created_at, m.created_by,
        m.updated_at, m.updated_by, m.revision
      FROM registered_model m
      """;
  private static final String VERSIONS =
      """
      SELECT m.model_id, m.name, v.version, v.state, v.state_reason, s.stage, v.archived, v.stage_since, v.description,
        v.source, v.artifact_path, v.run_id, v.run_link, v.logged_model_id, v.allow_missing_model_file, v.holder,
        v.package_digest, v.package_size_bytes, v.signature_inputs, v.signature_outputs, v.signature_params, v.flavors,
        v.created_at, v.created_by, v.updated_at, v.updated_by, v.revision
      FROM model_version v
        JOIN registered_model m ON m.model_id = v.model_id
        LEFT JOIN stage_assignment s ON s.model_id = v.model_id AND s.version = v.version
      """;

  private final boolean overVersions;
  private final Map<String, Object> bindings = new HashMap<>();

  private SearchQueries(boolean overVersions) {
    this.overVersions = overVersions;
  }

  static List<RegisteredModelRow> models(Handle handle, RegistrySearch search, PageRequest page) {
    return new SearchQueries(false).run(handle, RegisteredModelRow.class, search, page);
  }

  static List<ModelVersionRow> versions(Handle handle, RegistrySearch search, PageRequest page) {
    return new SearchQueries(true).run(handle, ModelVersionRow.class, search, page);
  }

  static List<String> keys(RegistrySearch search, RegisteredModel model) {
    return search.order().stream()
        .map(key -> text(key.column(), model.name().value(), model.lastVersion(), model.stamp()))
        .toList();
  }

  static List<String> keys(RegistrySearch search, ModelVersion version) {
    return search.order().stream()
        .map(
            key ->
                text(
                    key.column(),
                    version.name().value(),
                    version.number().value(),
                    version.stamp()))
        .toList();
  }

  private <T> List<T> run(Handle handle, Class<T> row, RegistrySearch search, PageRequest page) {
    StringBuilder sql = new StringBuilder(overVersions ? VERSIONS : MODELS);
    sql.append("WHERE ").append(condition(search.filter()));
    page.token()
        .ifPresent(token -> sql.append(" AND ").append(after(search.order(), token.keys())));
    sql.append(" ORDER BY ")
        .append(
            search.order().stream()
                .map(key -> column(key.column()) + (key.ascending() ? " ASC" : " DESC"))
                .collect(Collectors.joining(", ")));
    sql.append(" FETCH FIRST :limit ROWS ONLY");
    return handle
        .createQuery(sql.toString())
        .bind("limit", page.size() + 1)
        .bindMap(bindings)
        .map(ConstructorMapper.of(row))
        .list();
  }

  private String condition(Condition condition) {
    if (condition instanceof Condition.And and) {
      return and.parts().isEmpty() ? "1 = 1" : join(and.parts(), " AND ");
    }
    if (condition instanceof Condition.Or or) {
      return join(or.parts(), " OR ");
    }
    if (condition instanceof Condition.Not not) {
      return "NOT " + condition(not.part());
    }
    if (condition instanceof Condition.In in) {
      return "(v.run_id = ANY(" + bind(in.values().toArray(String[]::new)) + "))";
    }
    return comparison((Condition.Comparison) condition);
  }

  private String join(List<Condition> parts, String word) {
    return parts.stream().map(this::condition).collect(Collectors.joining(word, "(", ")"));
  }

  private String comparison(Condition.Comparison comparison) {
    Attribute attribute = comparison.attribute();
    if (attribute.kind() != Attribute.Kind.TAG) {
      return "("
          + column(attribute.kind())
          + operator(comparison.operator(), comparison.value())
          + ")";
    }
    String key = attribute.tagKey().orElseThrow();
    // Clients of MLflow 3 hide prompts with `!= 'true'`: things without the tag must match there,
    // and only there.
    boolean absentMatches = comparison.operator().equals("!=") && key.startsWith("mlflow.");
    String operator = absentMatches ? "=" : comparison.operator();
    String exists =
        (overVersions
                ? "EXISTS (SELECT 1 FROM model_version_tag t WHERE t.model_id = v.model_id AND"
                    + " t.version = v.version"
                : "EXISTS (SELECT 1 FROM registered_model_tag t WHERE t.model_id = m.model_id")
            + " AND t.tag_key = "
            + bind(key)
            + " AND t.tag_value"
            + operator(operator, comparison.value())
            + ")";
    return absentMatches ? "(NOT " + exists + ")" : "(" + exists + ")";
  }

  private String operator(String operator, Object value) {
    String bound = bind(value);
    return switch (operator) {
      case "=" -> " = " + bound;
      case "!=" -> " <> " + bound;
      case "<" -> " < " + bound;
      case "<=" -> " <= " + bound;
      case ">" -> " > " + bound;
      case ">=" -> " >= " + bound;
      // MLflow's patterns have no escape character.
      case "LIKE" -> " LIKE " + bound + " ESCAPE ''";
      case "ILIKE" -> " ILIKE " + bound + " ESCAPE ''";
      default -> throw new IllegalArgumentException("no operator: " + operator);
    };
  }

  /**
   * Returns the condition that a row comes after some keys: greater in the first, or equal there
   * and greater after.
   */
  private String after(List<SortKey> order, List<String> keys) {
    if (order.size() != keys.size()) {
      throw new IllegalArgumentException("a page token has a key for each column");
    }
    List<String> alternatives = new ArrayList<>();
    StringBuilder equal = new StringBuilder();
    for (int i = 0; i < order.size(); i++) {
      SortKey key = order.get(i);
      String bound = bind(value(key.column(), keys.get(i)));
      alternatives.add(
          "(" + equal + column(key.column()) + (key.ascending() ? " > " : " < ") + bound + ")");
      equal.append(column(key.column())).append(" = ").append(bound).append(" AND ");
    }
    return "(" + String.join(" OR ", alternatives) + ")";
  }

  private String bind(Object value) {
    String name = "p" + bindings.size();
    bindings.put(name, value);
    return ":" + name;
  }

  private String column(Column column) {
    String table = overVersions ? "v." : "m.";
    return switch (column) {
      case NAME -> "m.name";
      case VERSION_NUMBER -> "v.version";
      case CREATION_TIMESTAMP -> table + "created_at";
      case LAST_UPDATED_TIMESTAMP -> table + "updated_at";
    };
  }

  private static String column(Attribute.Kind kind) {
    return switch (kind) {
      case NAME -> "m.name";
      case RUN_ID -> "v.run_id";
      case SOURCE_PATH -> "v.source";
      case VERSION_NUMBER -> "v.version";
      case TAG -> throw new IllegalArgumentException("a tag is not a column");
    };
  }

  private static Object value(Column column, String text) {
    return switch (column) {
      case NAME -> text;
      case VERSION_NUMBER -> Long.parseLong(text);
      case CREATION_TIMESTAMP, LAST_UPDATED_TIMESTAMP -> Instant.parse(text);
    };
  }

  private static String text(Column column, String name, long version, ChangeStamp stamp) {
    return switch (column) {
      case NAME -> name;
      case VERSION_NUMBER -> Long.toString(version);
      case CREATION_TIMESTAMP -> stamp.createdAt().toString();
      case LAST_UPDATED_TIMESTAMP -> stamp.updatedAt().toString();
    };
  }
}
