package dev.slipway.cli.batch;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.batch.Checkpoint.Span;
import dev.slipway.cli.client.OutputFile;
import dev.slipway.gateway.scoring.ScoringException;
import dev.slipway.serving.v1.Provenance;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Is the output of a run and how far it is. Nothing is on disk before the first rows; from then on
 * rows are gathered beside the output, with a checkpoint now and then, until they are complete. Of
 * one thread.
 */
final class BatchOutput implements Closeable {
  /** Name of the column that tells why a row has no prediction. */
  static final String ERROR = "error";

  private final BatchFiles files;
  private final InputIdentity input;
  private final String model;
  private final long version;
  private final BatchOptions options;
  private final List<OutputColumn> kept;
  private final Duration checkpointEvery;
  private final Map<Long, Integer> ahead = new TreeMap<>();
  private Optional<PartFile> part = Optional.empty();
  private Optional<List<OutputColumn>> predicted = Optional.empty();
  private String packageDigest = "";
  private long rowsDone;
  private long rowsAhead;
  private long faults;
  private boolean readable;
  private boolean unsaved;
  private long savedNanos;

  /**
   * Prepares an output; writes nothing.
   *
   * @param model as the caller named it
   * @param version that answers
   * @param kept columns of the input that are copied
   * @param checkpointEvery least time between two checkpoints
   */
  BatchOutput(
      BatchFiles files,
      InputIdentity input,
      String model,
      long version,
      BatchOptions options,
      List<OutputColumn> kept,
      Duration checkpointEvery) {
    this.files = files;
    this.input = input;
    this.model = model;
    this.version = version;
    this.options = options;
    this.kept = List.copyOf(kept);
    this.checkpointEvery = checkpointEvery;
  }

  /** Goes on where an earlier run ended. */
  void resume(Checkpoint checkpoint) throws IOException {
    predicted = Optional.of(checkpoint.columns());
    part = Optional.of(openPart(checkpoint.outputBytes()));
    packageDigest = checkpoint.packageDigest();
    rowsDone = checkpoint.rowsDone();
    for (Span span : checkpoint.doneAhead()) {
      ahead.put(span.firstRow(), span.rows());
      rowsAhead += span.rows();
    }
    faults = checkpoint.faults();
    readable = checkpoint.readable();
    savedNanos = System.nanoTime();
  }

  /** Returns the number of rows that the output has. */
  long rows() {
    return rowsDone + rowsAhead;
  }

  /** Returns the number of rows without a prediction. */
  long faults() {
    return faults;
  }

  /** Returns whether a row of the output could be read as the model's inputs. */
  boolean hasReadable() {
    return readable;
  }

  /** Returns whether the output has the rows of the request that begins with this one. */
  boolean has(long firstRow) {
    return firstRow < rowsDone || ahead.containsKey(firstRow);
  }

  /** Returns the number of requests that are in the output before others that precede them. */
  int requestsAhead() {
    return ahead.size();
  }

  /** Returns whether it is known which columns the output has. */
  boolean hasColumns() {
    return predicted.isPresent();
  }

  /**
   * Takes note of what answers look like.
   *
   * @throws ScoringException if they are of another version, or answers before looked otherwise
   */
  void setColumns(List<OutputColumn> columns, Provenance provenance) {
    String digest = provenance.getPackageDigest();
    if (provenance.getVersion() != version) {
      throw new ScoringException(
          "version %d answered in place of version %d".formatted(provenance.getVersion(), version));
    }
    if (predicted.isEmpty()) {
      checkNames(columns);
      predicted = Optional.of(List.copyOf(columns));
      packageDigest = digest;
    } else if (!digest.equals(packageDigest)) {
      throw new ScoringException(
          "%s version %d has another package than the rows before were predicted with"
              .formatted(model, version));
    } else if (!sameColumns(predicted.get(), columns)) {
      throw new ScoringException(
          "the model answered %s and now answers %s".formatted(predicted.get(), columns));
    }
  }

  private void checkNames(List<OutputColumn> columns) {
    Set<String> names = new HashSet<>();
    Stream.of(
            kept.stream().map(OutputColumn::name),
            columns.stream().map(OutputColumn::name),
            options.rowErrors() ? Stream.of(ERROR) : Stream.<String>empty())
        .flatMap(each -> each)
        .forEach(
            name -> {
              if (!names.add(name)) {
                throw new ScoringException("the output would have two columns " + name);
              }
            });
  }

  /** Says whether answers fit together; types matter where the form has them. */
  private boolean sameColumns(List<OutputColumn> was, List<OutputColumn> is) {
    return options.outFormat() == FileFormat.PARQUET
        ? was.equals(is)
        : was.stream()
            .map(OutputColumn::name)
            .toList()
            .equals(is.stream().map(OutputColumn::name).toList());
  }

  /** Appends rows, and makes them durable when it is time. */
  void write(Chunk chunk) throws IOException {
    if (part.isEmpty()) {
      begin();
    }
    List<ObjectNode> rows =
        chunk.output(
            kept.stream().map(OutputColumn::name).toList(),
            predicted.orElseThrow(),
            options.rowErrors() ? Optional.of(ERROR) : Optional.empty());
    // Of a file that fails the bytes are not certain: the checkpoint before is the last.
    unsaved = false;
    part.get().write(rows);
    faults += chunk.faultCount();
    readable |= chunk.request().isPresent();
    ahead.put(chunk.firstRow(), chunk.size());
    rowsAhead += chunk.size();
    for (Integer next = ahead.remove(rowsDone); next != null; next = ahead.remove(rowsDone)) {
      rowsDone += next;
      rowsAhead -= next;
    }
    unsaved = true;
    if (System.nanoTime() - savedNanos >= checkpointEvery.toNanos()) {
      save();
    }
  }

  /** Begins an empty output; what an earlier run has left is gone. */
  private void begin() throws IOException {
    // First: nobody else has the files from then on.
    part = Optional.of(openPart(0));
    Files.deleteIfExists(files.checkpoint());
    savedNanos = System.nanoTime();
  }

  private PartFile openPart(long length) throws IOException {
    return PartFile.open(
        files.part(),
        options.outFormat(),
        columns().stream().map(OutputColumn::name).toList(),
        length);
  }

  private void save() throws IOException {
    List<Span> spans = new ArrayList<>();
    ahead.forEach((firstRow, rows) -> spans.add(new Span(firstRow, rows)));
    unsaved = false;
    long bytes = part.orElseThrow().force();
    new Checkpoint(
            Checkpoint.FORM,
            input,
            model,
            version,
            packageDigest,
            options,
            predicted.orElseThrow(),
            rowsDone,
            spans,
            faults,
            readable,
            bytes)
        .write(files.checkpoint());
    savedNanos = System.nanoTime();
  }

  /** Gives the output, whose columns are known, its name and form. */
  void complete() throws IOException, InterruptedException {
    if (part.isEmpty()) {
      begin();
    }
    // Whatever happens from here on is repeated without asking the server again.
    save();
    files.requireOutputToMake();
    if (options.outFormat() == FileFormat.PARQUET) {
      try (OutputFile file = OutputFile.create(files.output())) {
        OutputStream out = new BufferedOutputStream(file.stream(), 1 << 16);
        ParquetResult.write(files.part(), columns(), out);
        out.flush();
        file.complete();
      }
      part.get().close();
      Files.delete(files.part());
    } else {
      part.get().close();
      Files.move(
          files.part(),
          files.output(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
    part = Optional.empty();
    Files.delete(files.checkpoint());
  }

  /** Deletes what was written, which nobody shall go on from. */
  void discard() throws IOException {
    if (part.isPresent()) {
      // Before the file of rows, which nobody else has as long as it is open.
      Files.deleteIfExists(files.checkpoint());
      part.get().close();
      Files.delete(files.part());
      part = Optional.empty();
    }
  }

  private List<OutputColumn> columns() {
    List<OutputColumn> columns = new ArrayList<>(kept);
    columns.addAll(predicted.orElseThrow());
    if (options.rowErrors()) {
      columns.add(new OutputColumn(ERROR, OutputColumn.Type.TEXT));
    }
    return columns;
  }

  /** Leaves behind what another run goes on from, unless the output is complete. */
  @Override
  public void close() throws IOException {
    if (part.isEmpty()) {
      return;
    }
    try {
      if (unsaved) {
        save();
      }
    } finally {
      part.get().close();
    }
  }
}
