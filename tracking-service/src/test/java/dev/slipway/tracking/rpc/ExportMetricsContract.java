package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertFails;
import static dev.slipway.tracking.rpc.Errors.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import com.google.protobuf.ByteString;
import com.google.protobuf.util.Durations;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.ExportFormat;
import dev.slipway.tracking.v1.ExportMetricsRequest;
import dev.slipway.tracking.v1.ExportMetricsResponse;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.PurgeDeletedRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.Status;
import java.io.IOException;
import java.io.StringReader;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Holds what files of metrics contain, on every database. */
abstract class ExportMetricsContract {
  private static final String ABSENT_RUN = "0".repeat(32);
  private static final int POINTS_PER_BATCH = 50_000;
  private static final List<String> COLUMNS =
      List.of("run_id", "metric_key", "step", "timestamp_ms", "value");

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(
          4 << 20,
          () ->
              List.of(
                  TrackingModule.open(
                      new TrackingConfig(newDatabase(), TrackingConfig.DEFAULT_ARTIFACT_ROOT),
                      new MetricRegistry(),
                      Clock.systemUTC())));

  abstract DatabaseConfig newDatabase();

  /** Is a row as text, which tells all values apart, the two zeros too. */
  private record Row(String run, String key, String step, String timestamp, String value) {
    static Row of(String run, String key, long step, long timestamp, double value) {
      return new Row(
          run, key, Long.toString(step), Long.toString(timestamp), Double.toString(value));
    }
  }

  private TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(server.channel());
  }

  private String newRun() {
    return stub().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
  }

  private void log(String run, Metric... metrics) {
    stub()
        .logBatch(
            LogBatchRequest.newBuilder().setRunId(run).addAllMetrics(List.of(metrics)).build());
  }

  private static Metric metric(String key, long step, long timestamp, double value) {
    return Metric.newBuilder()
        .setKey(key)
        .setStep(step)
        .setTimestampMs(timestamp)
        .setValue(value)
        .build();
  }

  private static ExportMetricsRequest.Builder request(ExportFormat format, String... runs) {
    return ExportMetricsRequest.newBuilder().addAllRunIds(List.of(runs)).setFormat(format);
  }

  private List<Row> csv(ExportMetricsRequest request) {
    return readCsv(bytes(request));
  }

  private List<Row> arrow(ExportMetricsRequest request) {
    return readArrow(bytes(request));
  }

  private ByteString bytes(ExportMetricsRequest request) {
    ByteString file = ByteString.EMPTY;
    for (Iterator<ExportMetricsResponse> pieces = stub().exportMetrics(request);
        pieces.hasNext(); ) {
      ByteString piece = pieces.next().getData();
      assertThat(piece.size()).isBetween(1, 1 << 20);
      file = file.concat(piece);
    }
    return file;
  }

  private static List<Row> readCsv(ByteString file) {
    try (CSVParser parser =
        CSVParser.parse(
            new StringReader(file.toStringUtf8()),
            CSVFormat.RFC4180.builder().setHeader().setSkipHeaderRecord(true).get())) {
      assertThat(parser.getHeaderNames()).isEqualTo(COLUMNS);
      return parser.stream()
          .map(r -> new Row(r.get(0), r.get(1), r.get(2), r.get(3), r.get(4)))
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Row> readArrow(ByteString file) {
    List<Row> rows = new ArrayList<>();
    try (RootAllocator allocator = new RootAllocator();
        ArrowStreamReader reader = new ArrowStreamReader(file.newInput(), allocator)) {
      var batch = reader.getVectorSchemaRoot();
      assertThat(batch.getSchema().getFields()).extracting("name").isEqualTo(COLUMNS);
      while (reader.loadNextBatch()) {
        List<FieldVector> columns = batch.getFieldVectors();
        for (int i = 0; i < batch.getRowCount(); i++) {
          int row = i;
          List<String> cells =
              columns.stream().map(column -> column.getObject(row).toString()).toList();
          rows.add(new Row(cells.get(0), cells.get(1), cells.get(2), cells.get(3), cells.get(4)));
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return rows;
  }

  @Test
  void export_bringsEveryKindOfValueAndKeyInOrder() {
    String second = newRun();
    String first = newRun();
    log(
        first,
        metric("b", 2, 5, Double.NaN),
        metric("b", 2, 5, Double.POSITIVE_INFINITY),
        metric("b", 2, 5, Double.NEGATIVE_INFINITY),
        metric("b", 2, 5, -0.0),
        metric("b", 2, 5, 0.0),
        metric("b", 2, 4, 1),
        metric("b", Long.MIN_VALUE, Long.MAX_VALUE, Double.MIN_VALUE),
        metric("b", Long.MAX_VALUE, 0, Double.MAX_VALUE),
        metric("a ", 1, 1, 0.1),
        metric(" größe/\uD835\uDFD8 x: y", 0, 0, 1e-300),
        metric("b", 2, 4, 1));
    log(second, metric("b", 0, 0, 3));
    stub().deleteRun(DeleteRunRequest.newBuilder().setRunId(second).build());
    List<Row> expected =
        List.of(
            Row.of(first, " größe/\uD835\uDFD8 x: y", 0, 0, 1e-300),
            Row.of(first, "a ", 1, 1, 0.1),
            Row.of(first, "b", Long.MIN_VALUE, Long.MAX_VALUE, Double.MIN_VALUE),
            Row.of(first, "b", 2, 4, 1),
            Row.of(first, "b", 2, 5, Double.NEGATIVE_INFINITY),
            Row.of(first, "b", 2, 5, -0.0),
            Row.of(first, "b", 2, 5, 0.0),
            Row.of(first, "b", 2, 5, Double.POSITIVE_INFINITY),
            Row.of(first, "b", 2, 5, Double.NaN),
            Row.of(first, "b", Long.MAX_VALUE, 0, Double.MAX_VALUE),
            Row.of(second, "b", 0, 0, 3));

    assertThat(csv(request(ExportFormat.EXPORT_FORMAT_CSV, first, second).build()))
        .isEqualTo(expected);
    assertThat(arrow(request(ExportFormat.EXPORT_FORMAT_ARROW, first, second).build()))
        .isEqualTo(expected);
    assertThat(
            csv(
                request(ExportFormat.EXPORT_FORMAT_CSV, second, first)
                    .addMetricKeys("b")
                    .addMetricKeys("nothing")
                    .build()))
        .startsWith(Row.of(second, "b", 0, 0, 3))
        .hasSize(9)
        .allMatch(row -> row.key().equals("b"));
  }

  /** Logs points with steps from 0, and returns the rows that they make. */
  private List<Row> logMany(String run, List<String> keys, int perKey) throws Exception {
    List<Row> expected = new ArrayList<>();
    MetricWriter writer = MetricWriter.open(server.channel(), run, "w");
    writer.opened();
    int seq = 0;
    for (String key : keys) {
      for (int from = 0; from < perKey; from += POINTS_PER_BATCH) {
        MetricBatch.Builder batch = MetricBatch.newBuilder().setSeq(++seq).addNames(key);
        for (int step = from; step < from + POINTS_PER_BATCH; step++) {
          batch.addNameIndex(0).addStep(step).addTimestampMs(1000L + step).addValue(1.0 / step);
          expected.add(Row.of(run, key, step, 1000L + step, 1.0 / step));
        }
        writer.send(batch);
        writer.awaitCommitted(seq);
      }
    }
    writer.halfClose();
    writer.awaitEnd();
    return expected;
  }

  @Test
  void export_ofManyPoints_comesInPieces() throws Exception {
    String run = newRun();
    List<Row> expected = logMany(run, List.of("x", "y"), 100_000);

    List<Row> csv = csv(request(ExportFormat.EXPORT_FORMAT_CSV, run).build());
    assertThat(csv).isEqualTo(expected);
    assertThat(arrow(request(ExportFormat.EXPORT_FORMAT_ARROW, run).build())).isEqualTo(csv);
  }

  @Test
  void export_ofARunThatIsPurgedMeanwhile_fails() throws Exception {
    String run = newRun();
    logMany(run, List.of("x"), 100_000);
    Iterator<ExportMetricsResponse> pieces =
        stub().exportMetrics(request(ExportFormat.EXPORT_FORMAT_CSV, run).build());
    pieces.next();
    stub().deleteRun(DeleteRunRequest.newBuilder().setRunId(run).build());
    stub()
        .purgeDeleted(
            PurgeDeletedRequest.newBuilder().setOlderThan(Durations.fromSeconds(0)).build());

    // Most of the file was not read when the run went, as the client had not asked for it.
    assertFails(() -> pieces.forEachRemaining(piece -> {}), Status.Code.NOT_FOUND, "RUN_NOT_FOUND");
  }

  @Test
  void export_ofARunWithoutPoints_hasAHeaderOnly() {
    String run = newRun();

    assertThat(bytes(request(ExportFormat.EXPORT_FORMAT_CSV, run).build()).toStringUtf8())
        .isEqualTo(String.join(",", COLUMNS) + "\r\n");
    assertThat(arrow(request(ExportFormat.EXPORT_FORMAT_ARROW, run).build())).isEmpty();
  }

  @Test
  void export_ofWhatIsNotThere_isRefused() {
    assertThat(
            assertFails(
                    () ->
                        csv(request(ExportFormat.EXPORT_FORMAT_CSV, newRun(), ABSENT_RUN).build()),
                    Status.Code.NOT_FOUND,
                    "RUN_NOT_FOUND")
                .getMetadataMap())
        .containsEntry("run_id", ABSENT_RUN);
  }

  @Test
  void export_withFaults_isToldAllOfThem() {
    assertInvalid(() -> csv(ExportMetricsRequest.getDefaultInstance()), "run_ids", "format");
    assertInvalid(
        () ->
            csv(
                request(ExportFormat.EXPORT_FORMAT_UNSPECIFIED, ABSENT_RUN, "x", ABSENT_RUN)
                    .addMetricKeys("")
                    .addMetricKeys("k".repeat(251))
                    .build()),
        "run_ids[1]",
        "run_ids[2]",
        "metric_keys[0]",
        "metric_keys[1]",
        "format");
    assertInvalid(
        () ->
            csv(
                request(ExportFormat.EXPORT_FORMAT_CSV)
                    .addAllRunIds(
                        IntStream.rangeClosed(0, 1000).mapToObj("%032x"::formatted).toList())
                    .addAllMetricKeys(
                        IntStream.rangeClosed(0, 1000).mapToObj(i -> "k" + i).toList())
                    .build()),
        "run_ids",
        "metric_keys");
  }
}
