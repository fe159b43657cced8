package dev.slipway.benchmarks;

import dev.slipway.runtime.database.Dialect;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.store.EntryHash;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.RunProjection;
import dev.slipway.tracking.v1.SearchRunsRequest;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/** Is one kind of search, as our filter and as SQL by hand; every call asks for other values. */
enum SearchCase {
  /** Matches about one run in fifty. */
  TWO_PREDICATES("(a) metric > x AND param = 'y'", 100) {
    @Override
    void fill(SearchRunsRequest.Builder request, int number) {
      request.setFilter(
          String.format(
              Locale.ROOT,
              "metrics.accuracy > %.3f and params.optimizer = '%s'",
              accuracy(number),
              SearchData.optimizer(number)));
    }

    @Override
    BareSql bare(Dialect dialect, long experiment, int number) {
      return new BareSql(
          """
          SELECT r.* FROM latest_metric d %s JOIN run r ON r.run_id = d.run_id
          WHERE d.experiment_id = ? AND d.name_id = ? AND d.metric_value > ? AND r.delete_time_ms IS NULL
            AND EXISTS (SELECT 1 FROM run_param p WHERE p.run_id = d.run_id AND p.param_key = 'optimizer'
                        AND p.param_value = ? OFFSET 0 ROWS)
          ORDER BY d.experiment_id, d.name_id, d.start_time_ms DESC, d.run_id FETCH FIRST 101 ROWS ONLY
          """
              .formatted(index(dialect, "latest_metric_by_start")),
          experiment,
          SearchData.FIRST_NAME_ID,
          accuracy(number),
          SearchData.optimizer(number));
    }
  },
  /** The same, asking for one metric and one param of each run, as a table on a screen does. */
  TWO_PREDICATES_PROJECTED("(a) the same, 1 metric and 1 param shown", 100) {
    @Override
    void fill(SearchRunsRequest.Builder request, int number) {
      TWO_PREDICATES.fill(request, number);
      request.setProjection(
          RunProjection.newBuilder()
              .setMetrics(keys("accuracy"))
              .setParams(keys("optimizer"))
              .setTags(KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE)));
    }

    @Override
    BareSql bare(Dialect dialect, long experiment, int number) {
      return TWO_PREDICATES.bare(dialect, experiment, number);
    }

    @Override
    List<String> entries() {
      return List.of(
          entriesOf("run_param", "param_key, param_value") + " AND e.param_key = 'optimizer'",
          entriesOf("latest_metric", "step, timestamp_ms, metric_value")
              + " AND e.name_id = "
              + SearchData.FIRST_NAME_ID);
    }
  },
  /** Matches about 25 runs. */
  TWO_RARE_PREDICATES("(a) the same, few matches", 1) {
    @Override
    void fill(SearchRunsRequest.Builder request, int number) {
      request.setFilter(
          String.format(
              Locale.ROOT,
              "metrics.accuracy > %.4f and params.optimizer = '%s'",
              rareAccuracy(number),
              SearchData.optimizer(number)));
    }

    @Override
    BareSql bare(Dialect dialect, long experiment, int number) {
      return new BareSql(
          """
          SELECT r.* FROM latest_metric m %s JOIN run r ON r.run_id = m.run_id
          WHERE m.experiment_id = ? AND m.name_id = ? AND m.metric_value > ? AND r.delete_time_ms IS NULL
            AND EXISTS (SELECT 1 FROM run_param p WHERE p.run_id = m.run_id AND p.param_key = 'optimizer'
                        AND p.param_value = ? OFFSET 0 ROWS)
          ORDER BY r.start_time_ms DESC, r.run_id FETCH FIRST 101 ROWS ONLY
          """
              .formatted(index(dialect, "latest_metric_by_value")),
          experiment,
          SearchData.FIRST_NAME_ID,
          rareAccuracy(number),
          SearchData.optimizer(number));
    }
  },
  /** Two metrics, which no index knows together: about one run in a hundred. */
  TWO_METRICS("(a) metric > x AND other metric < y", 100) {
    @Override
    void fill(SearchRunsRequest.Builder request, int number) {
      request.setFilter(
          String.format(
              Locale.ROOT, "metrics.accuracy > %.3f and metrics.loss < 0.1", accuracy(number)));
    }

    @Override
    BareSql bare(Dialect dialect, long experiment, int number) {
      return new BareSql(
          """
          SELECT r.* FROM latest_metric d %s JOIN run r ON r.run_id = d.run_id
          WHERE d.experiment_id = ? AND d.name_id = ? AND d.metric_value > ? AND r.delete_time_ms IS NULL
            AND EXISTS (SELECT 1 FROM latest_metric m WHERE m.run_id = d.run_id AND m.name_id = ?
                        AND m.metric_value < 0.1 OFFSET 0 ROWS)
          ORDER BY d.experiment_id, d.name_id, d.start_time_ms DESC, d.run_id FETCH FIRST 101 ROWS ONLY
          """
              .formatted(index(dialect, "latest_metric_by_start")),
          experiment,
          SearchData.FIRST_NAME_ID,
          accuracy(number),
          SearchData.FIRST_NAME_ID + 1);
    }
  },
  /** Two params, which no index knows: about one run in thirty. */
  TWO_PARAMS("(a) param = 'x' AND other param = 'y'", 100) {
    @Override
    void fill(SearchRunsRequest.Builder request, int number) {
      request.setFilter(
          "params.optimizer = '%s' and params.lr = '%s'"
              .formatted(SearchData.optimizer(number), SearchData.rate(number)));
    }

    @Override
    BareSql bare(Dialect dialect, long experiment, int number) {
      return new BareSql(
          """
          SELECT r.* FROM run r %s
          WHERE r.experiment_id = ? AND r.delete_time_ms IS NULL
            AND EXISTS (SELECT 1 FROM run_param p WHERE p.run_id = r.run_id AND p.param_key = 'lr'
                        AND p.param_value = ? OFFSET 0 ROWS)
            AND EXISTS (SELECT 1 FROM run_param p WHERE p.run_id = r.run_id AND p.param_key = 'optimizer'
                        AND p.param_value = ? OFFSET 0 ROWS)
          ORDER BY r.experiment_id, r.start_time_ms DESC, r.run_id FETCH FIRST 101 ROWS ONLY
          """
              .formatted(index(dialect, "run_by_start")),
          experiment,
          SearchData.rate(number),
          SearchData.optimizer(number));
    }
  },
  /** Greatest first. */
  BY_METRIC_DESCENDING("(b) ORDER BY metric DESC", 100) {
    @Override
    void fill(SearchRunsRequest.Builder request, int number) {
      request.addOrderBy("metrics." + metric(number) + " DESC");
    }

    @Override
    BareSql bare(Dialect dialect, long experiment, int number) {
      return byMetric(dialect, experiment, number, "DESC");
    }
  },
  /** Least first. */
  BY_METRIC_ASCENDING("(b) ORDER BY metric ASC", 100) {
    @Override
    void fill(SearchRunsRequest.Builder request, int number) {
      request.addOrderBy("metrics." + metric(number));
    }

    @Override
    BareSql bare(Dialect dialect, long experiment, int number) {
      return byMetric(dialect, experiment, number, "ASC");
    }
  },
  /** Matches about one run in a hundred. */
  TAG_AND_ATTRIBUTES("(c) tag = AND user = AND status = AND name LIKE", 100) {
    @Override
    void fill(SearchRunsRequest.Builder request, int number) {
      request.setFilter(
          "tags.team = '%s' and user_id = '%s' and status = 'FINISHED' and run_name LIKE 'digits%%'"
              .formatted(SearchData.team(number), SearchData.user(number)));
    }

    @Override
    BareSql bare(Dialect dialect, long experiment, int number) {
      return new BareSql(
          """
          SELECT r.* FROM run_tag d %s JOIN run r ON r.run_id = d.run_id
          WHERE d.entry_hash = ? AND r.delete_time_ms IS NULL
            AND r.user_id = ? AND r.status = 3 AND r.run_name LIKE 'digits%%'
          ORDER BY d.entry_hash, d.start_time_ms DESC, d.run_id FETCH FIRST 101 ROWS ONLY
          """
              .formatted(index(dialect, "run_tag_by_entry")),
          EntryHash.of(new ExperimentId(experiment), "team", SearchData.team(number)),
          SearchData.user(number));
    }
  };

  /** The SQL that reads all that hangs on the runs of a page. */
  static final List<String> ENTRIES =
      List.of(
          entriesOf("run_param", "param_key, param_value"),
          entriesOf("run_tag", "tag_key, tag_value"),
          entriesOf("latest_metric", "name_id, step, timestamp_ms, metric_value"));

  private final String title;
  private final int fewest;

  SearchCase(String title, int fewest) {
    this.title = title;
    this.fewest = fewest;
  }

  String title() {
    return title;
  }

  /** Returns the request of the call with a number. */
  SearchRunsRequest request(long experiment, int number) {
    SearchRunsRequest.Builder request =
        SearchRunsRequest.newBuilder().addExperimentIds(Long.toString(experiment)).setPageSize(100);
    fill(request, number);
    return request.build();
  }

  /** Makes sure that a page holds what the case says, and returns how many runs it has. */
  int check(int found) {
    if (found < fewest) {
      throw new IllegalStateException(name() + " found " + found + " runs");
    }
    return found;
  }

  abstract void fill(SearchRunsRequest.Builder request, int number);

  /** Returns the SQL of the call with a number, as a hand would write it for these tables. */
  abstract BareSql bare(Dialect dialect, long experiment, int number);

  /** Returns the SQL that reads what hangs on the runs of a page. */
  List<String> entries() {
    return ENTRIES;
  }

  /** Returns the SQL of the page of the list of all runs that follows a run. */
  static BareSql all(Dialect dialect, long experiment, long start, UUID run) {
    return new BareSql(
        """
        SELECT r.* FROM run r %s
        WHERE r.experiment_id = ? AND r.delete_time_ms IS NULL
          AND r.start_time_ms <= ? AND (r.start_time_ms < ? OR r.run_id > ?)
        ORDER BY r.experiment_id, r.start_time_ms DESC, r.run_id FETCH FIRST 101 ROWS ONLY
        """
            .formatted(index(dialect, "run_by_start")),
        experiment,
        start,
        start,
        run);
  }

  /**
   * A join, since H2 goes through the whole table for {@code run_id = ANY(?)} beside another
   * condition.
   */
  private static String entriesOf(String table, String columns) {
    return "SELECT e.run_id, %s FROM unnest(?) AS x (run_id) JOIN %s e ON e.run_id = x.run_id"
        .formatted(columns, table);
  }

  private static double accuracy(int number) {
    return 0.93 + number % 40 / 1000.0;
  }

  private static double rareAccuracy(int number) {
    return 0.9995 + number % 4 / 10000.0;
  }

  private static String metric(int number) {
    return SearchData.metric(number % SearchData.METRICS);
  }

  private static BareSql byMetric(Dialect dialect, long experiment, int number, String direction) {
    return new BareSql(
        """
        SELECT r.* FROM latest_metric m %s JOIN run r ON r.run_id = m.run_id
        WHERE m.experiment_id = ? AND m.name_id = ? AND r.delete_time_ms IS NULL
        ORDER BY m.experiment_id, m.name_id, m.metric_value %s, r.start_time_ms DESC, r.run_id
        FETCH FIRST 101 ROWS ONLY
        """
            .formatted(index(dialect, "latest_metric_by_value"), direction),
        experiment,
        SearchData.FIRST_NAME_ID + number % SearchData.METRICS);
  }

  private static String index(Dialect dialect, String index) {
    return dialect == Dialect.H2 ? "USE INDEX (" + index + ")" : "";
  }

  private static KeySelection keys(String key) {
    return KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_LISTED).addKeys(key).build();
  }
}
