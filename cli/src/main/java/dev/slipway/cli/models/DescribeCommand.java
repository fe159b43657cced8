package dev.slipway.cli.models;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.client.SchemaText;
import dev.slipway.client.SlipwayClient;
import dev.slipway.registry.v1.Schema;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.v1.Dependency;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.LatencySummary;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.TensorInfo;
import dev.slipway.serving.v1.VersionState;
import dev.slipway.serving.v1.VersionStatistics;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells all about a version of a model on a server. */
@Command(
    name = "describe",
    mixinStandardHelpOptions = true,
    description = {
      "Tells all about a version of a model on a server: what it takes and gives, where it came"
          + " from, its state, memory and figures.",
      "",
      "  slipway describe digits",
      "  slipway describe digits@staging --json"
    })
public final class DescribeCommand implements Callable<Integer> {
  @Mixin private final ClientOptions services = new ClientOptions();

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The model: " + ModelSpec.FORMS + ". Default version: the one in Production.")
  private ModelSpec model;

  @Mixin private final JsonOutput json = new JsonOutput();
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return InterruptibleWork.run(
        spec.commandLine(),
        () -> {
          try (SlipwayClient client = services.connect()) {
            DescribeModelResponse description = ModelInputs.describe(client.serving(), model);
            if (json.isWanted()) {
              JsonOutput.print(spec.commandLine().getOut(), description);
            } else {
              print(description);
            }
          }
        });
  }

  private void print(DescribeModelResponse description) {
    ServedVersion version = description.getVersion();
    PrintWriter out = spec.commandLine().getOut();
    out.printf("%s version %d%s%n", version.getModel(), version.getVersion(), held(version));
    line("state", state(version));
    if (version.hasLastError()) {
      line("error", version.getLastError().getMessage());
    }
    line("source", description.getSource());
    line("package", version.getPackageDigest());
    line("run", version.getRunId());
    line("about", description.getDescription().lines().findFirst().orElse(""));
    if (version.hasLoadTime()) {
      line(
          "loaded",
          "%s in %,d ms, %,d bytes of memory"
              .formatted(
                  Timestamps.toString(version.getLoadTime()),
                  Durations.toMillis(version.getLoadDuration()),
                  version.getMemoryBytes()));
    }
    for (Dependency dependency : description.getDependenciesList()) {
      line(
          "needs",
          "%s: %s version %d"
              .formatted(
                  dependency.getStep(),
                  dependency.getVersion().getModel(),
                  dependency.getVersion().getVersion()));
    }
    lines(
        "takes",
        description.getSignature().getInputs().hasColumns()
            ? SchemaText.of(description.getSignature().getInputs())
            : tensors(description.getInputsList(), description.getSignature().getInputs()));
    lines(
        "gives",
        description.getOutputsCount() == 0
            ? SchemaText.of(description.getSignature().getOutputs())
            : tensors(description.getOutputsList(), Schema.getDefaultInstance()));
    if (description.hasStatistics()) {
      print(description.getStatistics());
    }
  }

  private void print(VersionStatistics figures) {
    line(
        "answered",
        "%s, %,d failed, %,d refused, %,d expired"
            .formatted(
                Counts.of(figures.getSuccesses(), "request"),
                figures.getFailures(),
                figures.getRejections(),
                figures.getExpirations()));
    if (figures.getEngineCalls() > 0) {
      line(
          "engine",
          "%s, %.1f rows each"
              .formatted(
                  Counts.of(figures.getEngineCalls(), "call"),
                  (double) figures.getRows() / figures.getEngineCalls()));
    }
    LatencySummary latency = figures.getLatency();
    if (latency.getCount() > 0) {
      line(
          "latency",
          "p50 %.2f ms, p95 %.2f ms, p99 %.2f ms"
              .formatted(
                  millis(latency.getP50()), millis(latency.getP95()), millis(latency.getP99())));
    }
    if (figures.getCache().getHits() + figures.getCache().getMisses() > 0) {
      line(
          "cache",
          "%,d hits (%,d of other servers), %,d misses, %,d bytes"
              .formatted(
                  figures.getCache().getHits(),
                  figures.getCache().getSharedHits(),
                  figures.getCache().getMisses(),
                  figures.getCache().getBytes()));
    }
  }

  private static double millis(com.google.protobuf.Duration duration) {
    return Durations.toNanos(duration) / 1e6;
  }

  private static String held(ServedVersion version) {
    List<String> names = new ArrayList<>();
    if (version.getStage() != Stage.STAGE_UNSPECIFIED && version.getStage() != Stage.STAGE_NONE) {
      names.add(words(version.getStage().name(), "STAGE_"));
    }
    names.addAll(version.getAliasesList());
    return names.isEmpty() ? "" : ", " + String.join(", ", names);
  }

  private static String state(ServedVersion version) {
    String state = words(version.getState().name(), "VERSION_STATE_");
    return version.getState() == VersionState.VERSION_STATE_READY
        ? state + " on " + version.getPlatform()
        : state;
  }

  private static String words(String constant, String prefix) {
    return constant.substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static List<String> tensors(List<TensorInfo> tensors, Schema declared) {
    if (tensors.isEmpty()) {
      return SchemaText.of(declared);
    }
    return tensors.stream()
        .map(
            tensor ->
                "%s: %s %s%s"
                    .formatted(
                        tensor.getName(),
                        tensor.getDataType().name().substring("DATA_TYPE_".length()),
                        tensor.getShapeList(),
                        tensor.getOptional() ? " (optional)" : ""))
        .toList();
  }

  private void line(String what, String text) {
    if (!text.isEmpty()) {
      spec.commandLine().getOut().printf("  %-9s %s%n", what, text);
    }
  }

  private void lines(String what, List<String> texts) {
    for (int i = 0; i < texts.size(); i++) {
      line(i == 0 ? what : "", texts.get(i));
    }
  }
}
