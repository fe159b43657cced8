package dev.slipway.cli.batch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Says how far a run has come, as a file beside the output.
 *
 * @param form of this file
 * @param input whose rows they are
 * @param model as the caller named it, whatever that means today
 * @param version number of the version that answers, from the first row to the last
 * @param packageDigest of that version
 * @param options that decide what the output holds
 * @param columns of the predictions
 * @param rowsDone rows from the first one that are all in the output
 * @param doneAhead requests beyond those whose rows are in the output too, ascending
 * @param faults rows in the output without a prediction
 * @param readable whether a row in the output could be read as the model's inputs
 * @param outputBytes length of the output that holds these rows
 */
record Checkpoint(
    int form,
    InputIdentity input,
    String model,
    long version,
    String packageDigest,
    BatchOptions options,
    List<OutputColumn> columns,
    long rowsDone,
    List<Span> doneAhead,
    long faults,
    boolean readable,
    long outputBytes) {
  /** Is the form that this program writes. */
  static final int FORM = 1;

  /** Is the rows of one request: the number of the first, counted from 0, and how many. */
  record Span(long firstRow, int rows) {}

  private static final JsonMapper MAPPER = new JsonMapper();

  Checkpoint {
    columns = List.copyOf(columns);
    doneAhead = List.copyOf(doneAhead);
  }

  /**
   * Reads the checkpoint of a file.
   *
   * @throws IOException if there is one and it cannot be read
   */
  static Optional<Checkpoint> read(Path file) throws IOException {
    try {
      return Optional.of(MAPPER.readValue(Files.readAllBytes(file), Checkpoint.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonProcessingException e) {
      throw new IOException(
          file + " is no checkpoint that this program can read; --restart begins anew", e);
    }
  }

  /** Replaces a file by this; whatever happens meanwhile, one of them is there and whole. */
  void write(Path file) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".next");
    // No channel: an interrupt would close it.
    try (FileOutputStream out = new FileOutputStream(next.toFile())) {
      out.write(MAPPER.writeValueAsBytes(this));
      out.getFD().sync();
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Returns how another run differs from the one that this is of; empty when it goes on. */
  List<String> differences(InputIdentity nowInput, String nowModel, BatchOptions nowOptions) {
    List<String> differences = new ArrayList<>();
    if (form != FORM) {
      differences.add("it was written by another release");
    }
    if (!input.equals(nowInput)) {
      differences.add("the input is another file, or was changed since");
    }
    if (!model.equals(nowModel)) {
      differences.add("the model was " + model + " and is " + nowModel);
    }
    differences.addAll(options.differences(nowOptions));
    return differences;
  }
}
