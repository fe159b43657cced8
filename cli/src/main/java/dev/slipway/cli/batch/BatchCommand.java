package dev.slipway.cli.batch;

import dev.slipway.cli.client.BackOff;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.models.ModelInputs;
import dev.slipway.cli.models.ParameterOptions;
import dev.slipway.client.SlipwayClient;
import dev.slipway.gateway.scoring.ScoringException;
import dev.slipway.gateway.scoring.ScoringInputs;
import dev.slipway.serving.v1.ParameterValue;
import dev.slipway.serving.v1.VersionSelector;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Predicts for the rows of a file. */
@Command(
    name = "batch",
    mixinStandardHelpOptions = true,
    description = {
      "Predicts for every row of a file, of any length, and writes a row for each.",
      "Files are JSON lines (an object or a list a line), CSV with a header, or Parquet.",
      "All rows are predicted by the version that MODEL means at the start. A run that was stopped"
          + " goes on where it was when it is repeated: OUT.part and OUT.checkpoint are there until"
          + " OUT is complete.",
      "",
      "  slipway batch churn customers.csv churn.parquet --keep customer_id",
      "  slipway batch digits@staging images.jsonl out.jsonl --row-errors"
    })
public final class BatchCommand implements Callable<Integer> {
  private static final int MAX_ROWS_PER_REQUEST = 10_000;
  private static final int MAX_IN_FLIGHT = 1024;

  /** Stands for all columns. */
  private static final String ALL = "*";

  @Mixin private final ClientOptions services = new ClientOptions();

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "The model: " + ModelSpec.FORMS + ". Default version: the one in Production.")
  private String model;

  @Parameters(index = "1", paramLabel = "IN", description = "The file with the rows.")
  private Path in;

  @Parameters(
      index = "2",
      paramLabel = "OUT",
      description = "The file of the predictions, which appears when it is complete.")
  private Path out;

  @Option(
      names = "--in-format",
      paramLabel = "FORM",
      description =
          "jsonl, csv or parquet. Default: by the name, .jsonl or .ndjson, .csv, .parquet.")
  private FileFormat inFormat;

  @Option(
      names = "--out-format",
      paramLabel = "FORM",
      description = "jsonl, csv or parquet. Default: by the name.")
  private FileFormat outFormat;

  @Option(
      names = "--keep",
      paramLabel = "COLUMN",
      split = ",",
      description =
          "Columns of IN that are copied before the predictions; '*' for all that a CSV or Parquet"
              + " file has. Default: none.")
  private List<String> keep = List.of();

  @Option(
      names = "--outputs",
      paramLabel = "NAME",
      split = ",",
      description = "Outputs that are wanted, in this order. Default: all.")
  private List<String> outputs = List.of();

  @Mixin private final ParameterOptions parameters = new ParameterOptions();

  @Option(
      names = "--row-errors",
      description =
          "Keeps rows that have no prediction, with the reason in the column error; a file of"
              + " which no row can be read is refused. Otherwise the first such row ends the run.")
  private boolean rowErrors;

  @Option(
      names = "--unordered",
      description =
          "Writes rows as they are answered, so that none waits for one before it. Default: in the"
              + " order of IN.")
  private boolean unordered;

  @Option(
      names = "--rows-per-request",
      paramLabel = "N",
      defaultValue = "512",
      description =
          "Rows that are asked about together, 1 to 10,000; fewer where rows are long. Default:"
              + " ${DEFAULT-VALUE}.")
  private int rowsPerRequest;

  @Option(
      names = "--max-in-flight",
      paramLabel = "N",
      defaultValue = "16",
      description =
          "Requests between reading and writing, 1 to 1,024, each of about a mebibyte of text at"
              + " most. Default: ${DEFAULT-VALUE}.")
  private int maxInFlight;

  @Option(
      names = "--retry-seconds",
      paramLabel = "N",
      defaultValue = "120",
      description =
          "How long a server that is away or has no room is asked again, from 0. Default:"
              + " ${DEFAULT-VALUE}.")
  private int retrySeconds;

  @Option(
      names = "--checkpoint-seconds",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "Time between two checkpoints, from 0 for one after every request. Default:"
              + " ${DEFAULT-VALUE}.")
  private int checkpointSeconds;

  @Option(names = "--overwrite", description = "Replaces OUT if it is there.")
  private boolean overwrite;

  @Option(names = "--restart", description = "Begins anew whatever an earlier run has left.")
  private boolean restart;

  @Option(names = "--quiet", description = "Shows no progress, and not what is waited for.")
  private boolean quiet;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    ModelSpec named = named();
    requireRange("--rows-per-request", rowsPerRequest, 1, MAX_ROWS_PER_REQUEST);
    requireRange("--max-in-flight", maxInFlight, 1, MAX_IN_FLIGHT);
    requireRange("--retry-seconds", retrySeconds, 0, Integer.MAX_VALUE);
    requireRange("--checkpoint-seconds", checkpointSeconds, 0, Integer.MAX_VALUE);
    BatchOptions options =
        new BatchOptions(
            format("--in-format", inFormat, in),
            format("--out-format", outFormat, out),
            rowsPerRequest,
            !unordered,
            rowErrors,
            keep,
            outputs,
            parameters.texts());
    return InterruptibleWork.run(
        spec.commandLine(),
        () -> {
          try (SlipwayClient client = services.connect()) {
            run(client, named, options);
          } catch (ScoringException e) {
            throw new IOException(in + ": " + e.getMessage(), e);
          }
        });
  }

  private ModelSpec named() {
    try {
      return new ModelSpec.Converter().convert(model);
    } catch (TypeConversionException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private void requireRange(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(
          spec.commandLine(), "%s takes numbers from %,d to %,d".formatted(option, least, most));
    }
  }

  private FileFormat format(String option, FileFormat given, Path file) {
    if (given != null) {
      return given;
    }
    return FileFormat.of(file)
        .orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "the name %s tells no form: give %s".formatted(file, option)));
  }

  private void tell(String notice) {
    if (!quiet) {
      spec.commandLine().getErr().println(notice);
      spec.commandLine().getErr().flush();
    }
  }

  private void run(SlipwayClient client, ModelSpec named, BatchOptions options)
      throws IOException, InterruptedException {
    if (!Files.isRegularFile(in)) {
      throw new IOException(in + " is no file");
    }
    BatchFiles files = new BatchFiles(in, out, overwrite);
    files.requireOutputToMake();
    InputIdentity identity = InputIdentity.of(in);
    Optional<Checkpoint> checkpoint = checkpoint(files, identity, options);
    BackOff backOff = new BackOff(Duration.ofSeconds(retrySeconds), this::tell);
    long version =
        checkpoint.isPresent()
            ? checkpoint.get().version()
            : backOff
                .ask(() -> ModelInputs.describe(client.serving(), named))
                .getVersion()
                .getVersion();
    ModelSpec one =
        new ModelSpec(named.model(), VersionSelector.newBuilder().setVersion(version).build());
    ScoringInputs inputs = backOff.ask(() -> ModelInputs.of(client.serving(), one));
    Map<String, ParameterValue> given = parameters.read(inputs);
    try (RowSource source = RowSource.open(options.inFormat(), in)) {
      source
          .columns()
          .ifPresent(
              columns -> inputs.checkColumns(columns.stream().map(OutputColumn::name).toList()));
      try (BatchOutput output =
          new BatchOutput(
              files,
              identity,
              model,
              version,
              options,
              kept(source),
              Duration.ofSeconds(checkpointSeconds))) {
        resume(output, checkpoint);
        try (BatchProgress progress =
                new BatchProgress(spec.commandLine().getErr(), quiet, output.rows());
            BatchRun run =
                new BatchRun(
                    client,
                    source,
                    inputs,
                    named.model(),
                    version,
                    options,
                    given,
                    output,
                    progress,
                    maxInFlight,
                    backOff)) {
          run.run();
        }
        spec.commandLine()
            .getOut()
            .printf(
                "%s: %s by %s version %d%s%n",
                out,
                Counts.of(output.rows(), "row"),
                named.model(),
                version,
                output.faults() == 0
                    ? ""
                    : ", %,d without a prediction".formatted(output.faults()));
      }
    }
  }

  /** Returns how far an earlier run has come, if this one is the same. */
  private Optional<Checkpoint> checkpoint(
      BatchFiles files, InputIdentity identity, BatchOptions options) throws IOException {
    if (restart) {
      return Optional.empty();
    }
    Optional<Checkpoint> checkpoint = Checkpoint.read(files.checkpoint());
    if (checkpoint.isPresent() && !Files.exists(files.part()) && overwrite) {
      // That run was complete; only its checkpoint was left.
      return Optional.empty();
    }
    List<String> differences =
        checkpoint.map(c -> c.differences(identity, model, options)).orElse(List.of());
    if (!differences.isEmpty()) {
      throw new IOException(
          "%s is of another run: %s. Repeat that run to complete it, or begin anew with --restart"
              .formatted(files.checkpoint(), String.join("; ", differences)));
    }
    return checkpoint;
  }

  private void resume(BatchOutput output, Optional<Checkpoint> checkpoint) throws IOException {
    if (checkpoint.isPresent()) {
      output.resume(checkpoint.get());
      PrintWriter said = spec.commandLine().getOut();
      said.printf(
          "goes on with version %d after %s%n",
          checkpoint.get().version(), Counts.of(output.rows(), "row"));
      said.flush();
    }
  }

  /** Returns the columns of the input that are copied. */
  private List<OutputColumn> kept(RowSource source) {
    Optional<List<OutputColumn>> columns = source.columns();
    if (keep.contains(ALL)) {
      return columns.orElseThrow(
          () ->
              new ScoringException(
                  "lines of JSON have no columns in common: name them with --keep"));
    }
    if (new HashSet<>(keep).size() != keep.size()) {
      throw new ScoringException("--keep names a column twice");
    }
    List<OutputColumn> kept = new ArrayList<>();
    for (String name : keep) {
      kept.add(
          columns.isEmpty()
              ? new OutputColumn(name, OutputColumn.Type.TEXT)
              : columns.get().stream()
                  .filter(column -> column.name().equals(name))
                  .findFirst()
                  .orElseThrow(() -> new ScoringException("there is no column " + name)));
    }
    return kept;
  }
}
