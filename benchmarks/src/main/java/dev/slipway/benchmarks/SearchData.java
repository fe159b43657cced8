package dev.slipway.benchmarks;

import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.store.EntryHash;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;

/**
 * Fills the tracking service's own tables with one experiment full of runs, each with 20 params, 10
 * metrics and 4 tags. The same runs every time.
 */
final class SearchData {
  static final int PARAMS = 20;
  static final int METRICS = 10;
  static final int FIRST_NAME_ID = 1_000_000;

  private static final int USERS = 20;

  private static final int RUNS_PER_INSERT = 2_000;
  private static final long FIRST_START_MS = 1_700_000_000_000L;
  private static final long START_INTERVAL_MS = 60_000;
  private static final long EXPERIMENT_ID = 1_000_000;

  private static final String[] OPTIMIZERS = {"adam", "adamw", "sgd", "lamb"};
  private static final String[] RATES = {
    "0.1", "0.03", "0.01", "0.003", "0.001", "0.0003", "1e-4", "3e-5"
  };
  private static final String[] TEAMS = {"vision", "speech", "ranking", "fraud", "search"};

  private final Connection connection;
  private final int runs;
  private final Random random = new Random(1);

  private final List<UUID> runIds = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final List<String> users = new ArrayList<>();
  private final List<Long> starts = new ArrayList<>();
  private final Keyed params = new Keyed();
  private final Keyed tags = new Keyed();
  private final List<UUID> metricRuns = new ArrayList<>();
  private final List<Long> metricStarts = new ArrayList<>();
  private final List<Integer> metricNames = new ArrayList<>();
  private final List<Double> metricValues = new ArrayList<>();

  private static final class Keyed {
    final List<UUID> runs = new ArrayList<>();
    final List<String> keys = new ArrayList<>();
    final List<String> values = new ArrayList<>();
    final List<Long> hashes = new ArrayList<>();
    final List<Long> starts = new ArrayList<>();

    void add(UUID run, long start, String key, String value) {
      runs.add(run);
      keys.add(key);
      values.add(value);
      hashes.add(EntryHash.of(new ExperimentId(EXPERIMENT_ID), key, value));
      starts.add(start);
    }

    void clear() {
      runs.clear();
      keys.clear();
      values.clear();
      hashes.clear();
      starts.clear();
    }
  }

  private SearchData(Connection connection, int runs) {
    this.connection = connection;
    this.runs = runs;
  }

  /** Fills the tables, and returns the experiment's id. */
  static long load(Connection connection, int runs) throws SQLException {
    connection.setAutoCommit(false);
    new SearchData(connection, runs).load();
    connection.setAutoCommit(true);
    return EXPERIMENT_ID;
  }

  private void load() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO experiment VALUES (%d, 'search benchmark', 'mlflow-artifacts:/b', TRUE, 0, 0)"
              .formatted(EXPERIMENT_ID));
      statement.execute(
          "INSERT INTO experiment_revision VALUES (%d, 1, 1, 0, 0)".formatted(EXPERIMENT_ID));
      for (int i = 0; i < METRICS; i++) {
        statement.execute(
            "INSERT INTO metric_name (name_id, name) VALUES (%d, '%s')"
                .formatted(FIRST_NAME_ID + i, metric(i)));
      }
    }
    for (int i = 0; i < runs; i++) {
      addRun(i);
      if (runIds.size() == RUNS_PER_INSERT || i == runs - 1) {
        insert();
      }
    }
  }

  static String optimizer(int i) {
    return OPTIMIZERS[i % OPTIMIZERS.length];
  }

  static String rate(int i) {
    return RATES[i % RATES.length];
  }

  static String team(int i) {
    return TEAMS[i % TEAMS.length];
  }

  static String user(int i) {
    return "user" + i % USERS;
  }

  static String metric(int i) {
    return i == 0 ? "accuracy" : i == 1 ? "loss" : "metric_" + i;
  }

  private void addRun(int i) {
    long start = FIRST_START_MS + i * START_INTERVAL_MS;
    UUID run =
        new UUID(
            start << 16 | 0x7000 | random.nextInt(1 << 12),
            random.nextLong() >>> 2 | Long.MIN_VALUE);
    runIds.add(run);
    names.add("digits-cnn-%06d".formatted(i));
    users.add(user(random.nextInt(USERS)));
    starts.add(start);
    params.add(run, start, "optimizer", OPTIMIZERS[random.nextInt(OPTIMIZERS.length)]);
    params.add(run, start, "lr", RATES[random.nextInt(RATES.length)]);
    params.add(run, start, "batch_size", Integer.toString(16 << random.nextInt(6)));
    params.add(run, start, "seed", Integer.toString(random.nextInt(100_000)));
    params.add(run, start, "dropout", String.format(Locale.ROOT, "%.3f", random.nextDouble()));
    for (int p = params.runs.size() % PARAMS; p != 0 && p < PARAMS; p++) {
      params.add(run, start, "param_" + p, "value " + random.nextInt(1000));
    }
    for (int m = 0; m < METRICS; m++) {
      metricRuns.add(run);
      metricStarts.add(start);
      metricNames.add(FIRST_NAME_ID + m);
      metricValues.add(m == 0 ? 0.5 + random.nextDouble() / 2 : random.nextDouble());
    }
    tags.add(run, start, "mlflow.runName", names.get(names.size() - 1));
    tags.add(run, start, "mlflow.user", users.get(users.size() - 1));
    tags.add(run, start, "team", TEAMS[random.nextInt(TEAMS.length)]);
    tags.add(run, start, "git.commit", Long.toHexString(random.nextLong()));
  }

  private void insert() throws SQLException {
    execute(
        """
        INSERT INTO run (run_id, experiment_id, run_name, user_id, status, start_time_ms, end_time_ms, artifact_uri)
        SELECT run_id, %d, run_name, user_id, 3, start_time_ms, CAST(start_time_ms AS BIGINT) + 3600000,
               CONCAT('mlflow-artifacts:/b/', REPLACE(CAST(run_id AS VARCHAR), '-', ''), '/artifacts')
        FROM unnest(?, ?, ?, ?) AS x (run_id, run_name, user_id, start_time_ms)
        """
            .formatted(EXPERIMENT_ID),
        uuids(runIds),
        texts(names),
        texts(users),
        longs(starts));
    execute(
        "INSERT INTO run_revision SELECT run_id, %d, 1, 1, 1, 1, 0, 0, 0 FROM unnest(?) AS x (run_id)"
            .formatted(EXPERIMENT_ID),
        uuids(runIds));
    execute(
        """
        INSERT INTO run_param (run_id, param_key, param_value, param_number, revision)
        SELECT run_id, param_key, param_value, param_number, 1
        FROM unnest(?, ?, ?, ?) AS x (run_id, param_key, param_value, param_number)
        """,
        uuids(params.runs),
        texts(params.keys),
        texts(params.values),
        numbers(params.values));
    execute(
        """
        INSERT INTO run_tag (run_id, tag_key, tag_value, revision, entry_hash, start_time_ms)
        SELECT run_id, tag_key, tag_value, 1, entry_hash, start_time_ms
        FROM unnest(?, ?, ?, ?, ?) AS x (run_id, tag_key, tag_value, entry_hash, start_time_ms)
        """,
        uuids(tags.runs),
        texts(tags.keys),
        texts(tags.values),
        longs(tags.hashes),
        longs(tags.starts));
    execute(
        """
        INSERT INTO latest_metric (run_id, name_id, step, timestamp_ms, metric_value, experiment_id, start_time_ms)
        SELECT run_id, name_id, 1000, 1700000000000, metric_value, %d, start_time_ms
        FROM unnest(?, ?, ?, ?) AS x (run_id, name_id, metric_value, start_time_ms)
        """
            .formatted(EXPERIMENT_ID),
        uuids(metricRuns),
        connection.createArrayOf("integer", metricNames.toArray()),
        connection.createArrayOf("float8", metricValues.toArray()),
        longs(metricStarts));
    connection.commit();
    runIds.clear();
    names.clear();
    users.clear();
    starts.clear();
    params.clear();
    tags.clear();
    metricRuns.clear();
    metricStarts.clear();
    metricNames.clear();
    metricValues.clear();
  }

  private Array uuids(List<UUID> values) throws SQLException {
    return connection.createArrayOf("uuid", values.toArray());
  }

  private Array texts(List<String> values) throws SQLException {
    return connection.createArrayOf("varchar", values.toArray());
  }

  private Array longs(List<Long> values) throws SQLException {
    return connection.createArrayOf("bigint", values.toArray());
  }

  private Array numbers(List<String> values) throws SQLException {
    Object[] numbers = values.stream().map(SearchData::number).toArray();
    return connection.createArrayOf("float8", numbers);
  }

  private static Double number(String text) {
    try {
      return Double.valueOf(text);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private void execute(String sql, Array... arrays) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < arrays.length; i++) {
        statement.setArray(i + 1, arrays[i]);
      }
      statement.execute();
    }
  }
}
