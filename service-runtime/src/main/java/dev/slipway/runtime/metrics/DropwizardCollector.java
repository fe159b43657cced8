package dev.slipway.runtime.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Counting;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.Meter;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.PrometheusNaming;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Shows a dropwizard registry to Prometheus, with the parts of call names as labels.
 *
 * <p>The ready-made bridge gives two metrics that differ only in their labels as two families of
 * one name, which Prometheus refuses; this one groups them. Gauges and counters become gauges,
 * meters counters, histograms and timers summaries (seconds for timers) with the quantiles 0.5,
 * 0.95, 0.99 and 0.999 of dropwizard's decaying reservoir. Thread-safe.
 */
final class DropwizardCollector implements MultiCollector {
  private static final double[] QUANTILES = {0.5, 0.95, 0.99, 0.999};

  /**
   * Families whose names go on with the values of these labels, separated by dots; the last value
   * may hold dots.
   */
  private static final Map<String, String[]> LABELLED =
      Map.of(
          CallMetricsInterceptor.CALLS,
          new String[] {"service", "method", "code"},
          CallMetricsInterceptor.ACTIVE,
          new String[] {"service", "method"},
          "http.server.requests",
          new String[] {"method", "status", "route"});

  private final MetricRegistry metrics;

  DropwizardCollector(MetricRegistry metrics) {
    this.metrics = metrics;
  }

  @Override
  public MetricSnapshots collect() {
    Map<String, Family> families = new TreeMap<>();
    metrics.getMetrics().forEach((name, metric) -> add(families, name, metric));
    List<MetricSnapshot> snapshots = new ArrayList<>();
    families.forEach((name, family) -> family.addTo(snapshots, name));
    return new MetricSnapshots(snapshots);
  }

  private static void add(Map<String, Family> families, String name, Metric metric) {
    String family = name;
    Labels labels = Labels.EMPTY;
    for (Map.Entry<String, String[]> labelled : LABELLED.entrySet()) {
      if (name.startsWith(labelled.getKey() + ".")) {
        family = labelled.getKey();
        labels = labels(name, family, labelled.getValue());
      }
    }
    String prometheusName =
        PrometheusNaming.sanitizeMetricName(family.replace('.', '_').toLowerCase(Locale.ROOT));
    families.computeIfAbsent(prometheusName, n -> new Family()).add(metric, labels);
  }

  private static Labels labels(String name, String family, String... labelNames) {
    String[] parts = name.substring(family.length() + 1).split("\\.", labelNames.length);
    return Labels.of(labelNames, Arrays.copyOf(parts, labelNames.length));
  }

  /** Gathers the data points of one name, by kind. */
  private static final class Family {
    private final List<GaugeDataPointSnapshot> gauges = new ArrayList<>();
    private final List<CounterDataPointSnapshot> counters = new ArrayList<>();
    private final List<SummaryDataPointSnapshot> summaries = new ArrayList<>();

    void add(Metric metric, Labels labels) {
      if (metric instanceof Gauge<?> gauge) {
        Object value = gauge.getValue();
        if (value instanceof Number number) {
          gauges.add(new GaugeDataPointSnapshot(number.doubleValue(), labels, null));
        } else if (value instanceof Boolean flag) {
          gauges.add(new GaugeDataPointSnapshot(flag ? 1 : 0, labels, null));
        }
      } else if (metric instanceof Counter counter) {
        gauges.add(new GaugeDataPointSnapshot(counter.getCount(), labels, null));
      } else if (metric instanceof Timer timer) {
        summaries.add(
            summary(timer, timer.getSnapshot(), 1.0 / TimeUnit.SECONDS.toNanos(1), labels));
      } else if (metric instanceof Histogram histogram) {
        summaries.add(summary(histogram, histogram.getSnapshot(), 1.0, labels));
      } else if (metric instanceof Meter meter) {
        counters.add(new CounterDataPointSnapshot(meter.getCount(), labels, null, 0));
      }
    }

    private static SummaryDataPointSnapshot summary(
        Counting counting, Snapshot snapshot, double unit, Labels labels) {
      Quantile[] quantiles = new Quantile[QUANTILES.length];
      for (int i = 0; i < QUANTILES.length; i++) {
        quantiles[i] = new Quantile(QUANTILES[i], snapshot.getValue(QUANTILES[i]) * unit);
      }
      // Dropwizard keeps no exact sum.
      double sum = snapshot.getMean() * counting.getCount() * unit;
      return new SummaryDataPointSnapshot(
          counting.getCount(), sum, Quantiles.of(quantiles), labels, null, 0);
    }

    void addTo(List<MetricSnapshot> snapshots, String name) {
      if (!gauges.isEmpty()) {
        GaugeSnapshot.Builder builder = GaugeSnapshot.builder().name(name);
        gauges.forEach(builder::dataPoint);
        snapshots.add(builder.build());
      } else if (!counters.isEmpty()) {
        CounterSnapshot.Builder builder = CounterSnapshot.builder().name(name);
        counters.forEach(builder::dataPoint);
        snapshots.add(builder.build());
      } else if (!summaries.isEmpty()) {
        SummarySnapshot.Builder builder = SummarySnapshot.builder().name(name);
        summaries.forEach(builder::dataPoint);
        snapshots.add(builder.build());
      }
    }
  }
}
