package dev.slipway.cli.metrics;

import com.google.protobuf.ByteString;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.Failures;
import dev.slipway.cli.client.OutputFile;
import dev.slipway.client.SlipwayClient;
import dev.slipway.tracking.v1.ExportFormat;
import dev.slipway.tracking.v1.ExportMetricsRequest;
import dev.slipway.tracking.v1.ExportMetricsResponse;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the metrics of runs to a file. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Writes all points of metrics to a file, with the columns run_id, metric_key, step,"
          + " timestamp_ms and value.",
      "",
      "  slipway metrics export --run 5d4c... --format csv -o metrics.csv",
      "  slipway metrics export --run 5d4c... --run 77aa... --metric loss -o - | head"
    })
public final class ExportCommand implements Callable<Integer> {
  private static final String STANDARD_OUTPUT = "-";

  /** Is a file format by the name that people give it. */
  private enum Format {
    CSV(ExportFormat.EXPORT_FORMAT_CSV),
    ARROW(ExportFormat.EXPORT_FORMAT_ARROW);

    private final ExportFormat message;

    Format(ExportFormat message) {
      this.message = message;
    }
  }

  @Mixin private final ClientOptions services = new ClientOptions();

  @Option(
      names = "--run",
      paramLabel = "ID",
      required = true,
      description =
          "A run, by id; may be given up to 1,000 times. Their order is that of the rows.")
  private List<String> runs;

  @Option(
      names = "--metric",
      paramLabel = "KEY",
      description = "A metric; may be given up to 1,000 times. Default: all.")
  private List<String> metrics = List.of();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "csv",
      description = "csv, or arrow for an Apache Arrow IPC stream. Default: ${DEFAULT-VALUE}.")
  private Format format;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      required = true,
      description =
          "The file, which appears when it is complete and replaces one of that name; - for"
              + " standard output.")
  private String output;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    try (SlipwayClient client = services.connect()) {
      Iterator<ExportMetricsResponse> pieces =
          client
              .tracking()
              .exportMetrics(
                  ExportMetricsRequest.newBuilder()
                      .addAllRunIds(runs)
                      .addAllMetricKeys(metrics)
                      .setFormat(format.message)
                      .build());
      write(pieces);
      return 0;
    } catch (StatusRuntimeException e) {
      Failures.print(spec.commandLine().getErr(), e);
      return 1;
    } catch (IOException e) {
      spec.commandLine().getErr().println("slipway: cannot write " + output + ": " + reason(e));
      return 1;
    }
  }

  private void write(Iterator<ExportMetricsResponse> pieces) throws IOException {
    if (output.equals(STANDARD_OUTPUT)) {
      copy(pieces, OutputFile.standardOutput());
      return;
    }
    Path path = Path.of(output);
    long bytes;
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      // A device or a pipe, which nothing can take the place of.
      try (OutputStream out = Files.newOutputStream(path)) {
        bytes = copy(pieces, out);
      }
    } else {
      try (OutputFile file = OutputFile.create(path)) {
        bytes = copy(pieces, file.stream());
        file.complete();
      }
    }
    spec.commandLine().getOut().printf("%s: %,d bytes%n", output, bytes);
    spec.commandLine().getOut().flush();
  }

  private static long copy(Iterator<ExportMetricsResponse> pieces, OutputStream out)
      throws IOException {
    long bytes = 0;
    while (pieces.hasNext()) {
      ByteString piece = pieces.next().getData();
      piece.writeTo(out);
      bytes += piece.size();
    }
    out.flush();
    return bytes;
  }

  private static String reason(IOException failure) {
    String name = failure.getClass().getSimpleName();
    return name.equals("IOException")
        ? failure.getMessage()
        : name + (failure.getMessage() == null ? "" : ": " + failure.getMessage());
  }
}
