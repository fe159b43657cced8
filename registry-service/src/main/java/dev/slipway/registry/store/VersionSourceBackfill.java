package dev.slipway.registry.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;

/**
 * Notes what the versions that are there were made from, once. Stateless.
 *
 * <p>A part of the migration that runs it, and never changed: all that it knows of tables, sources
 * and packages is in this class, as it was at the time, since a database meets it as old as it is.
 */
public final class VersionSourceBackfill {
  private static final int PAGE = 500;
  private static final int MAX_STEPS = 64;

  private static final Pattern COPY =
      Pattern.compile("models:(?:///|/)?(?<name>[^/]+)/(?<version>[1-9][0-9]{0,17})");
  private static final Pattern STEP =
      Pattern.compile("models:/(?<name>[^/@]+)/(?<version>[0-9]{1,18})");
  private static final Pattern STEP_NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");
  private static final ObjectMapper JSON = new ObjectMapper();

  private VersionSourceBackfill() {}

  /** Is what a version says of where it came from. */
  public record OriginRow(long modelId, long version, String source, String flavors) {}

  /** Fills the table on a connection whose transaction the caller commits. */
  public static void run(Connection connection) {
    Jdbi jdbi = Jdbi.create(connection);
    jdbi.registerRowMapper(ConstructorMapper.factory(OriginRow.class));
    try (Handle handle = jdbi.open()) {
      OriginRow last = new OriginRow(0, 0, "", "");
      List<OriginRow> page;
      do {
        page = list(handle, last);
        for (OriginRow row : page) {
          note(handle, row);
          last = row;
        }
      } while (page.size() == PAGE);
    }
  }

  private static List<OriginRow> list(Handle handle, OriginRow last) {
    return handle
        .createQuery(
            """
            SELECT model_id, version, source, flavors FROM model_version
            WHERE (model_id, version) > (:modelId, :version)
            ORDER BY model_id, version FETCH FIRST :page ROWS ONLY
            """)
        .bind("modelId", last.modelId())
        .bind("version", last.version())
        .bind("page", PAGE)
        .mapTo(OriginRow.class)
        .list();
  }

  private static void note(Handle handle, OriginRow row) {
    Matcher copy = COPY.matcher(row.source());
    if (copy.matches()) {
      insert(handle, row, "COPY", "", copy);
    }
    steps(row.flavors()).forEach((name, step) -> insert(handle, row, "PIPELINE_STEP", name, step));
  }

  /** Inserts a row if the source is there. */
  private static void insert(
      Handle handle, OriginRow row, String relation, String role, Matcher source) {
    handle
        .createUpdate(
            """
            INSERT INTO version_source (model_id, version, relation, role, source_model_id, source_version)
            SELECT CAST(:modelId AS BIGINT), CAST(:version AS BIGINT), CAST(:relation AS VARCHAR(16)),
              CAST(:role AS VARCHAR(64)), v.model_id, v.version
            FROM registered_model m JOIN model_version v ON v.model_id = m.model_id
            WHERE m.name = :sourceName AND v.version = :sourceVersion
            """)
        .bind("modelId", row.modelId())
        .bind("version", row.version())
        .bind("relation", relation)
        .bind("role", role)
        .bind("sourceName", source.group("name"))
        .bind("sourceVersion", Long.parseLong(source.group("version")))
        .execute();
  }

  /**
   * Returns the steps of a pipeline by name; none when a step is malformed, or named twice, or
   * there are too many. What else keeps a pipeline from being served is not looked at: its steps
   * are noted all the same.
   */
  private static Map<String, Matcher> steps(String flavors) {
    Map<String, Matcher> steps = new LinkedHashMap<>();
    for (JsonNode flavor : read(flavors)) {
      if (!flavor.path("name").asText().equals("slipway_pipeline")) {
        continue;
      }
      JsonNode list = flavor.path("config").path("steps");
      for (JsonNode step : list) {
        String name = step.path("name").asText();
        Matcher version = STEP.matcher(step.path("model").asText());
        if (list.size() > MAX_STEPS
            || !STEP_NAME.matcher(name).matches()
            || !version.matches()
            || steps.put(name, version) != null) {
          return Map.of();
        }
      }
    }
    return steps;
  }

  private static JsonNode read(String flavors) {
    try {
      return JSON.readTree(flavors);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
